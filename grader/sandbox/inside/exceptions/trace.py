"""Inside the sandbox: follow the student's own functions line by line, and keep the arrays that their names come to hold.

A name keeps its last value at each line, so a loop leaves what it ends with, not its partial sums.  Runs in the process that
the student's code could have taken over: the grader trusts these values as little as any answer.
"""

import sys
import time

import numpy as np

from grader.sandbox.inside.exceptions.symbols import Symbols

MAX_RECORDS = 40
MAX_BYTES = 2**17
MAX_EVENTS = 20_000
MAX_CPU_SECONDS = 0.1  # of a call; from there on it runs untraced
MAX_NAME = 60
RETURNED = "return"


class Tracer:
    """Calls functions and remembers, for each line, the arrays that it left."""

    def __init__(self, file, explainer, place):
        """Follow the functions of `file`; `explainer` knows the traps in a line, `place` its cell where there are cells."""
        self.file = file
        self._place = place
        self._explainer = explainer
        self._records, self._cut, self.traps = {}, False, []

    def __call__(self, run, function, sizes):
        """run(), which calls a function of the student's, traced; `take` gives what was recorded."""
        self._records, self._frames, self._events, self._bytes, self._cut = {}, {}, 0, 0, False
        self.traps, self._lines, self._symbols = [], set(), Symbols(sizes)
        self._until = time.process_time() + MAX_CPU_SECONDS
        self._called = getattr(function, "__code__", None)  # a trap in another gradient is reported there
        sys.settrace(self._enter)
        try:
            return run()
        finally:
            sys.settrace(None)

    def take(self):
        """What the last call left, in order of time: descriptions for JSON, and the bytes that they describe.

        All of it or, where it was too much, nothing: half a trace would mislead.
        """
        records = [] if self._cut or len(self._records) > MAX_RECORDS else list(self._records.items())
        described = []
        for (function, line, name), array in records:
            cell, line = self._place(line)
            place = {"cell": cell, "line": line} if cell else {"line": line}
            described.append({"function": function[:MAX_NAME], **place, "name": name[:MAX_NAME], "shape": array.shape})
        return described, b"".join(array.tobytes() for _, array in records)

    def _enter(self, frame, event, argument):
        if frame.f_code.co_filename != self.file or frame.f_code.co_name.startswith("<"):
            return None
        self._frames[frame] = (frame.f_lineno, self._arrays(frame))
        return self._step

    def _step(self, frame, event, argument):
        self._events += 1
        if self._events > MAX_EVENTS or time.process_time() > self._until:
            self._cut = True
            sys.settrace(None)
            return None
        line, before = self._frames.get(frame, (frame.f_lineno, {}))
        after = self._arrays(frame)
        for name, array in after.items():
            if name not in before or not _same(before[name], array):
                self._record(frame, line, name, array)
        self._frames[frame] = (frame.f_lineno, after)
        if event == "line" and frame.f_code is self._called and frame.f_lineno not in self._lines:
            self._lines.add(frame.f_lineno)
            self.traps += self._explainer.traps(frame, self._symbols)
        if event == "return":
            self._frames.pop(frame, None)
            array = _array(argument)
            if array is not None:
                self._record(frame, line, RETURNED, array)
        return self._step

    def _record(self, frame, line, name, array):
        key = (frame.f_code.co_name, line, name)
        known = self._records.pop(key, None)
        self._bytes += array.nbytes - (known.nbytes if known is not None else 0)
        self._cut = self._cut or self._bytes > MAX_BYTES
        if not self._cut:
            self._records[key] = array

    def _arrays(self, frame):
        """Copies of the arrays that the names of a frame stand for: what is changed in place later shows as a change."""
        copies = {name: _array(value) for name, value in list(frame.f_locals.items())}
        return {name: array for name, array in copies.items() if array is not None}


def _array(value):
    """A copy as plain float64, or None for what is no array of real numbers or is too large."""
    if type(value) is np.ndarray and value.dtype.kind in "biuf" and value.size > 1 and value.nbytes <= MAX_BYTES // 4:
        return np.array(value, dtype="<f8", order="C")
    return None


def _same(a, b):
    return a.shape == b.shape and a.tobytes() == b.tobytes()
