"""Inside the sandbox: follow the student's own functions line by line, and keep the arrays that their names come to hold.

A name, or an entry of a dictionary, keeps a value for each pass of a loop or, after many passes, its last one, and the names
that it was computed from.  What a helper function is given is kept, too, each of several results, and where loops begin.  Runs
in the process that the student's code could have taken over: the grader trusts these values as little as any answer.
"""

import sys
import time

import numpy as np

from grader.sandbox.inside.exceptions.symbols import Symbols

MAX_KEYS = 60  # lines and names
MAX_RECORDS = 160
MAX_PASSES = 6
MAX_BYTES = 2**17
MAX_EVENTS = 20_000
MAX_CPU_SECONDS = 0.1  # of a call; from there on it runs untraced
MAX_NAME = 60
MAX_ENTRIES = 12  # of a dictionary
RETURNED, LOOP = "return", "for"  # no names, since they are keywords


class Tracer:
    """Calls functions and remembers, for each line, the arrays that it left."""

    def __init__(self, file, explainer, place):
        """Follow the functions of `file`; `explainer` knows the traps in a line, `place` its cell where there are cells."""
        self.file = file
        self._place = place
        self._explainer = explainer
        self._records, self._cut, self.traps, self._reads = {}, False, [], None

    def __call__(self, run, function, sizes):
        """run(), which calls a function of the student's, traced; `take` gives what was recorded."""
        self._records, self._frames, self._events, self._bytes, self._cut = {}, {}, 0, 0, False
        self.traps, self._lines, self._symbols, self._loops = [], set(), Symbols(sizes), {}
        self._until = time.process_time() + MAX_CPU_SECONDS
        self._called = getattr(function, "__code__", None)  # a trap in another gradient is reported there
        self._reads = self._reads or self._explainer.reads()
        sys.settrace(self._enter)
        try:
            return run()
        finally:
            sys.settrace(None)

    def take(self):
        """What the last call left, in order of time: descriptions for JSON, and the bytes that they describe.

        All of it or, where it was too much, nothing: half a trace would mislead.
        """
        records = {} if self._cut or len(self._records) > MAX_KEYS else self._records
        kept = [(event, key, array) for key, (_, passes, _) in records.items() for event, array in passes]
        if len(kept) > MAX_RECORDS:
            kept = [(*passes[-1][:1], key, passes[-1][1]) for key, (_, passes, _) in records.items()]
        described, arrays = [], []
        for _, (function, line, name, called), array in sorted(kept, key=lambda record: record[0]):
            read = records[function, line, name, called][2]
            described.append(self._described(function, line, name, called, array, read))
            arrays.append(array)
        for (function, line), (last, jumps) in list(self._loops.items())[:MAX_ENTRIES] if kept else ():
            if jumps > 1:  # one may be an expression over several lines
                array = np.array([self._place(line)[1], self._place(last)[1]], dtype="<f8")
                described.append(self._described(function, line, LOOP, "", array))
                arrays.append(array)
        return described, b"".join(array.tobytes() for array in arrays)

    def _described(self, function, line, name, called, array, read=()):
        cell, line = self._place(line)
        place = {"cell": cell, "line": line} if cell else {"line": line}
        more = {"called": called[:MAX_NAME]} if called else {}
        more |= {"read": read} if read else {}
        return {"function": function[:MAX_NAME], **place, "name": name[:MAX_NAME], "shape": array.shape, **more}

    def _enter(self, frame, event, argument):
        if frame.f_code.co_filename != self.file or frame.f_code.co_name.startswith("<"):
            return None
        arrays = self._arrays(frame)
        self._frames[frame] = (frame.f_lineno, arrays)
        caller = frame.f_back
        if caller is not None and caller in self._frames:
            tracked = self._frames[caller][1]
            for name, array in arrays.items():
                self._record((caller.f_code.co_name, caller.f_lineno, name, frame.f_code.co_name), array, tracked)
        return self._step

    def _step(self, frame, event, argument):
        self._events += 1
        if self._events > MAX_EVENTS or time.process_time() > self._until:
            self._cut = True
            sys.settrace(None)
            return None
        line, before = self._frames.get(frame, (frame.f_lineno, {}))
        function = frame.f_code.co_name
        after = self._arrays(frame)
        for name, array in after.items():
            if name not in before or not _same(before[name], array):
                self._record((function, line, name, ""), array, after)
        self._frames[frame] = (frame.f_lineno, after)
        if event == "line" and frame.f_lineno < line:
            last, jumps = self._loops.get((function, frame.f_lineno), (0, 0))
            self._loops[function, frame.f_lineno] = (max(last, line), jumps + 1)
        if event == "line" and frame.f_code is self._called and frame.f_lineno not in self._lines:
            self._lines.add(frame.f_lineno)
            spent = time.process_time() - self._until + MAX_CPU_SECONDS
            self.traps += self._explainer.traps(frame, self._symbols, spent)
        if event == "return":
            self._frames.pop(frame, None)
            array = _array(argument, 0 if frame.f_code is self._called else 1)
            if array is not None:
                self._record((function, line, RETURNED, ""), array, after)
            elif type(argument) in (tuple, list, dict):
                self._several(function, line, argument, after)
        return self._step

    def _several(self, function, line, returned, tracked):
        """Each of several results, in its own line where the statement has more than one."""
        lines = self._reads.entries(line) if self._reads is not None else {}
        for key, value in list(returned.items() if type(returned) is dict else enumerate(returned))[:MAX_ENTRIES]:
            array = _array(value)
            if array is not None and (type(key) is int or (type(key) is str and key.isidentifier())):
                name = f"{RETURNED}[{key}]" if type(returned) is not dict else f'{RETURNED}["{key}"]'
                self._record((function, lines.get(name, line), name, ""), array, tracked, line)

    def _record(self, key, array, tracked, statement=0):
        count, passes, read = self._records.pop(key, (0, [], None))
        self._bytes += array.nbytes
        passes.append((self._events, array))
        if read is None:
            read = self._reads(statement or key[1], key[2], tracked) if self._reads is not None else ()
        self._records[key] = (count + 1, passes, [name[:MAX_NAME] for name in read])
        if count >= MAX_PASSES:
            self._keep_last(passes)
        if self._bytes > MAX_BYTES:
            for _, found, _ in self._records.values():
                self._keep_last(found)
        self._cut = self._cut or self._bytes > MAX_BYTES

    def _keep_last(self, passes):
        self._bytes -= sum(array.nbytes for _, array in passes[:-1])
        del passes[:-1]

    def _arrays(self, frame):
        """Copies of the arrays that the names of a frame stand for: what is changed in place later shows as a change."""
        copies = {}
        for name, value in list(frame.f_locals.items()):
            if type(value) is dict:
                for key, entry in list(value.items())[:MAX_ENTRIES]:
                    if type(key) is str and key.isidentifier():
                        copies[f'{name}["{key}"]'] = _array(entry)
            else:
                copies[name] = _array(value)
        return {name: array for name, array in copies.items() if array is not None}


def _array(value, least=1):
    """A copy as plain float64, or None for what is no array of real numbers, has too few entries or is too large.

    Whole numbers and booleans are positions and choices: they say nothing of a gradient.
    """
    if isinstance(value, (float, np.floating)) and least == 0:
        value = np.asarray(value)
    if type(value) is np.ndarray and value.dtype.kind == "f" and value.size > least and value.nbytes <= MAX_BYTES // 4:
        return np.array(value, dtype="<f8", order="C")
    return None


def _same(a, b):
    return a.shape == b.shape and a.tobytes() == b.tobytes()
