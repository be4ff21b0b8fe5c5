"""Rubbish that claims to equal everything: array subclasses and objects that lie when compared, converted or measured."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed|raised, dJ_dh_prev=failed|raised|died, others=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


class Agreeable(np.ndarray):
    """Equal to everything, at no distance from anything."""

    __array_priority__ = 1e9

    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return np.zeros(self.shape)

    __rsub__ = __sub__

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.zeros(self.shape)

    def __array_function__(self, function, types, args, kwargs):
        return True

    def __array__(self, *args, **kwargs):
        raise SystemExit(0)

    def tobytes(self, order="C"):
        return b""


class Shifty:
    """Something else at each conversion."""

    times = 0

    def __array__(self, dtype=None, copy=None):
        Shifty.times += 1
        return np.full((5, 7), float(Shifty.times))

    def __float__(self):
        return 0.0


class Liar(np.ndarray):
    shape = property(lambda self: (1,))
    ndim = size = nbytes = itemsize = property(lambda self: 0)
    dtype = property(lambda self: np.dtype("O"))
    __len__ = lambda self: 10**9


def dJ_dU(s):
    return np.full_like(s.U, 0.5).view(Agreeable)


def dJ_dL_x(s):
    return np.ma.masked_array(np.full_like(s.e, 0.5), mask=True)


def dJ_dI(s):
    return Shifty()


def dJ_dH(s):
    return np.full_like(s.H, 0.5).view(Liar)


def dJ_dh_prev(s):
    class Rows(list):
        def __iter__(self):
            raise SystemExit("iterated")

        def __len__(self):
            return 2**62

    return Rows()
