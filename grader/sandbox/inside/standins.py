"""Inside the sandbox: functions of the file that others must not call, replaced for the time of a call."""

import contextlib

import numpy as np


class StandIns:
    """What stands in for functions of the file: another function that returns a given array or, without arrays, raises."""

    def __init__(self, header, data):
        self.replaced = header.get("replaced", {})  # for each function that is called, the names of those replaced
        self.arrays = header.get("stand_ins", {})
        self.data = data

    @contextlib.contextmanager
    def during(self, namespace, called, k):
        """The names of the file while `called` is called at sample point `k`."""
        names = self.replaced.get(called, ())
        before = {name: namespace[name] for name in names if name in namespace}
        namespace.update({name: _returning(self._array(name, k)) if self.arrays else _raising(name) for name in names})
        try:
            yield
        finally:
            for name in names:
                namespace.pop(name, None)
            namespace.update(before)

    def _array(self, name, k):
        start, end, shape = self.arrays[name][k]
        return np.frombuffer(self.data[start:end]).reshape(shape)


def _returning(array):
    return lambda *_, **__: array.copy()


FILE = _returning.__code__.co_filename


def _raising(name):
    def stand_in(*_, **__):
        raise RuntimeError(f"{name} did not return before, and is not called again")

    return stand_in
