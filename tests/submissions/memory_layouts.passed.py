"""Right numbers in odd memory: Fortran order, negative strides, read-only, every second column of a wider array."""
# expect: all=passed

import numpy as np

def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_db2(s):
    return np.broadcast_to(s.y_hat - s.y, s.b2.shape)  # read-only


def dJ_dU(s):
    return np.asfortranarray(s.h.T @ dJ_db2(s))


def dJ_dL_x(s):
    return (dJ_db1(s) @ s.I.T)[:, ::-1].copy()[:, ::-1]


def dJ_dI(s):
    backwards = np.ascontiguousarray((s.e.T @ dJ_db1(s))[::-1, ::-1])
    return backwards[::-1, ::-1]


def dJ_dH(s):
    right = s.h_prev.T @ dJ_db1(s)
    wide = np.full((right.shape[0], 2 * right.shape[1]), np.nan)
    wide[:, ::2] = right
    return wide[:, ::2]
