"""Looks for the answer in the process: all objects, the callers' frames, loaded modules, the step itself. A find is
handed in only if it is right."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, others=passed

import gc
import sys

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def arrays_in(thing, depth):
    if issubclass(type(thing), np.ndarray):
        yield thing
    elif depth and type(thing) is dict:
        for value in list(thing.values()):
            yield from arrays_in(value, depth - 1)
    elif depth and type(thing) in (list, tuple, set):
        for value in list(thing):
            yield from arrays_in(value, depth - 1)
    elif depth and type(getattr(thing, "__dict__", None)) is dict:
        yield from arrays_in(thing.__dict__, depth - 1)


def the_right_one(found, right):
    for array in found:
        if array.shape == right.shape and array.dtype.kind == "f" and np.allclose(array, right, rtol=1e-6, atol=0):
            return array
    return 0 * right


def dJ_dU(s):
    found = [array for thing in gc.get_objects() for array in arrays_in(thing, 1)]
    return the_right_one(found, s.h.T @ dJ_db2(s))


def dJ_dL_x(s):
    found, frame = [], sys._getframe(1)
    while frame is not None:
        found += arrays_in(dict(frame.f_locals), 3)
        found += arrays_in(dict(frame.f_globals), 1)
        frame = frame.f_back
    return the_right_one(found, dJ_db1(s) @ s.I.T)


def dJ_dI(s):
    for module in list(sys.modules.values()):
        other = getattr(module, "__dict__", {}).get("dJ_dI")
        if callable(other) and getattr(other, "__code__", None) is not dJ_dI.__code__:
            return other(s)
    return 0 * s.I


def dJ_dH(s):
    found = [array for name in dir(s) for array in arrays_in(getattr(s, name), 2)]
    return the_right_one(found, s.h_prev.T @ dJ_db1(s))
