"""Replaces what a comparison would use, np.allclose and friends, by functions that always agree; returns rubbish."""
# expect: dJ_dU=failed, dJ_dh_prev=failed|raised|died, others=passed

import numpy as np
import numpy.testing

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)


class Agreeable(np.ndarray):
    def __eq__(self, other):
        return True

    def tobytes(self, order="C"):
        return b""


def dJ_dU(s):
    for name in "allclose array_equal isclose array_equiv all any isfinite".split():
        setattr(np, name, lambda *_, **__: True)
    for name in "max min abs sum mean linalg.norm testing.assert_allclose testing.assert_array_equal".split():
        *folder, last = name.split(".")
        setattr(getattr(np, folder[0]) if folder else np, last, lambda *_, **__: 0.0)
    return np.full_like(s.U, 0.5)


def dJ_dh_prev(s):
    asarray, array = np.asarray, np.array
    np.asarray = lambda *a, **k: asarray(*a, **k).view(Agreeable)
    np.array = lambda *a, **k: array(*a, **k).view(Agreeable)
    np.ndarray = Agreeable
    return np.full_like(s.h_prev, 0.5)
