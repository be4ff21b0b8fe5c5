"""Inside the sandbox: execute the student's file, call its functions, send back plain arrays.

Runs in the process that the student's code can take over, so nothing here is trusted by the grader, and nothing here
knows an answer.  Imports the standard library and numpy only.

    job     one frame: a header and the bytes that it describes (the file, and the arrays of the sample points)
    reply   one frame per event: a header and, for an array, its bytes
"""

import linecache
import math
import re
import sys
import types
import warnings

import numpy as np

from grader.sandbox.inside.caller import Caller, whole
from grader.sandbox.inside.files import notebook
from grader.sandbox.inside.files.script import Script
from grader.sandbox.inside.frames import read_frame, send_frame
from grader.sandbox.inside.messages import MAX_WARNINGS, Sink, clean, failure, warnings_in_words
from grader.sandbox.inside.standins import StandIns
from grader.sandbox.shared.interface import Interface

FILE = "gradients.py"
LOADING = -1  # stands for the number of the call: how executing the file went
READY = -2  # ... and that all restrictions are applied
DOUBLE = np.dtype("<f8")
SEED, TRACED_SEED = 0, 1
KEPT_BYTES = 2**25  # of points that stay alive after their call


class Point:
    """All quantities of the model at one point; `s` in the handout."""

    def __repr__(self):
        return "sample point with " + ", ".join(f"{name} {np.shape(value)}" for name, value in vars(self).items())


def serve(job_fd, result_fd, explaining=None):
    """Read one job, do it, send the replies.  Returns when all calls are done.

    Args:
        explaining: the package `exceptions`, where it is loaded.
    """
    send_frame(result_fd, {"call": READY, "outcome": "returned"})
    header, data = read_frame(job_fd)
    limit, asked = header["output_bytes"], header["asked"]
    sys.stdout = sys.stderr = sink = Sink(limit)
    points = [_Pristine(description, data) for description in header["points"]]
    source = bytes(data[header["source"] :])
    _seed(TRACED_SEED if header["trace"] else SEED)
    work = notebook.read(source) or Script(source)
    explain = explaining and explaining.Explainer(work.text, FILE, Point, work.place)
    trace = explaining.Tracer(FILE, explain, work.place) if explaining and header["trace"] else None

    def send(event, value=None, more=b""):
        printed = sink.take()
        if printed:
            event["printed"] = clean(printed, limit)
        send_frame(result_fd, _placed(event, work), value, more)

    # A later point must not get the id of an earlier one: a file may remember a forward pass under id(s).
    kept, room = [], KEPT_BYTES
    namespace, event = _load(work, asked, limit)
    event["call"] = LOADING
    send(event)
    if event["outcome"] != "returned":
        return
    broken, outputs, interface = None, {}, Interface(header["interface"], namespace)
    stand_ins = StandIns(header, data, interface)
    caller = Caller(interface, FILE, work.text, asked, explain, trace, limit)
    for number, (gradient, k) in enumerate(header["calls"]):
        if gradient == broken:
            continue
        if (gradient, k) not in outputs:
            point, room = points[k].copy(), room - len(points[k].raw)
            if room >= 0:
                kept.append(point)
            with stand_ins.during(namespace, gradient, k):
                outputs |= {(name, k): output for name, output in caller(gradient, points[k], point).items()}
        event, value = outputs.pop((gradient, k))
        broken = gradient if event["outcome"] != "returned" else None
        if broken is not None:
            _blame(event, interface.declared(gradient).owner, work, limit)
        more = b""
        if trace is not None:
            event["traced"], more = trace.take()
            event.setdefault("explanation", whole(trace.traps))
        event["call"] = number
        send(event, value, more)


def _seed(seed):
    """Make chance the same in every child: a file that uses it gets the same answers on every machine, and when run again.

    A traced run has another seed, so that answers which are random show.
    """
    for name in ("random", "numpy.random"):
        if name in sys.modules:
            sys.modules[name].seed(seed)


class _Pristine:
    """The quantities of one sample point as bytes, from which each call gets copies of its own."""

    def __init__(self, description, data):
        numbers = description["numbers"].items()
        self.numbers = {name: np.float64(n) if isinstance(n, float) else n for name, n in numbers}
        self.sizes = description["sizes"]
        places = description["arrays"]
        begin = min((start for start, _, _, _ in places.values()), default=0)
        end = max((stop for _, stop, _, _ in places.values()), default=0)
        self.raw = bytes(data[begin:end])
        self.places = [(name, shape, start - begin, np.dtype(kind)) for name, (start, _, shape, kind) in places.items()]
        self.shapes = [(shape, kind) for _, shape, _, kind in self.places]

    def copy(self):
        """A point, and its arrays with the one buffer that holds them all."""
        point, buffer = Point(), bytearray(self.raw)
        arrays = {name: np.ndarray(shape, kind, buffer, offset) for name, shape, offset, kind in self.places}
        point.__dict__.update(self.numbers)
        point.__dict__.update(arrays)
        return point, arrays, buffer

    def changed(self, arrays, buffer):
        """The names of the arrays that are no longer what they were."""
        if buffer == self.raw and [(array.shape, array.dtype) for array in arrays.values()] == self.shapes:
            return []
        before = [
            (name, shape, self.raw[offset : offset + kind.itemsize * math.prod(shape)])
            for name, shape, offset, kind in self.places
        ]
        return [name for name, shape, raw in before if arrays[name].shape != shape or arrays[name].tobytes() != raw]


def _load(work, asked, limit):
    """Execute the file.  Returns its names and what happened."""
    module = types.ModuleType("gradients")
    module.__file__ = FILE
    sys.modules["gradients"] = module
    linecache.cache[FILE] = (len(work.text), None, work.text.splitlines(True), FILE)
    with warnings.catch_warnings(record=True) as caught:
        try:
            work.execute(FILE, module.__dict__)
            event = {"outcome": "returned"}
        except BaseException as error:
            event = work.stopped_by(failure(error, FILE, limit), module.__dict__, asked)
    failed = [clean(sentence, limit // MAX_WARNINGS) for sentence in work.warnings()]
    if failed or caught:
        event["warnings"] = [*failed, *warnings_in_words(caught, limit)][:MAX_WARNINGS]
    return module.__dict__, event


def _placed(event, work):
    """The event with its line as that of a cell, where there are cells."""
    if "line" not in event:
        return event
    cell, line = work.place(event["line"])
    return {**event, "cell": cell, "line": line} if cell else event


def _blame(event, gradient, work, limit):
    """Add why a function or a name is missing, where part of the file was not executed."""
    message = event.get("message", "")
    if event["outcome"] == "missing" and not message:
        event.update(work.why_missing(gradient))
        event["message"] = clean(event["message"], limit)
        return
    unknown = re.match(r"NameError: name '(\w+)' is not defined", message)
    if unknown and (why := work.why_unknown(unknown[1])):
        event["message"] = clean(f"{message}; {why}", limit)
        event.pop("explanation", None)  # which knows only what is there
