"""1-D vectors inside, np.outer for the tables, reshape to rows at the very end."""
# expect: all=passed

import numpy as np


def delta2(s):
    return s.y_hat.ravel() - s.y.ravel()


def delta1(s):
    h = s.h.ravel()
    return (s.U @ delta2(s)) * h * (1 - h)


def dJ_db2(s):
    return delta2(s).reshape(1, -1)


def dJ_dU(s):
    return np.outer(s.h, delta2(s))


def dJ_dh(s):
    return (s.U @ delta2(s)).reshape(s.h.shape)


def dJ_db1(s):
    return delta1(s)[np.newaxis, :]


def dJ_dL_x(s):
    return np.expand_dims(s.I @ delta1(s), 0)


def dJ_dI(s):
    return np.outer(s.L[s.x], delta1(s))


def dJ_dH(s):
    return np.outer(s.h_prev, delta1(s))


def dJ_dh_prev(s):
    return np.atleast_2d(s.H @ delta1(s))
