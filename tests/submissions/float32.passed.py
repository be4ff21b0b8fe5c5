"""Everything in single precision: right to seven digits, and judged with the tolerance for seven digits."""
# expect: all=passed

import numpy as np


def single(a):
    return np.asarray(a, dtype=np.float32)


def dJ_db2(s):
    return single(s.y_hat) - single(s.y)


def dJ_dU(s):
    return single(s.h).T @ dJ_db2(s)


def dJ_dh(s):
    return dJ_db2(s) @ single(s.U).T


def dJ_db1(s):
    h = single(s.h)
    return dJ_dh(s) * h * (1 - h)


def dJ_dL_x(s):
    return dJ_db1(s) @ single(s.I).T


def dJ_dI(s):
    return single(s.e).T @ dJ_db1(s)


def dJ_dH(s):
    return single(s.h_prev).T @ dJ_db1(s)


def dJ_dh_prev(s):
    return dJ_db1(s) @ single(s.H).T
