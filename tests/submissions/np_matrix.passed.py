"""Works with np.matrix throughout, where * is the matrix product, and returns matrices."""
# expect: all=passed

import numpy as np

M = np.matrix


def dJ_db2(s):
    return M(s.y_hat) - M(s.y)


def dJ_dU(s):
    return M(s.h).T * dJ_db2(s)


def dJ_dh(s):
    return dJ_db2(s) * M(s.U).T


def dJ_db1(s):
    return np.multiply(dJ_dh(s), M(np.asarray(s.h) * (1 - np.asarray(s.h))))


def dJ_dL_x(s):
    return dJ_db1(s) * M(s.I).T


def dJ_dI(s):
    return M(s.e).T * dJ_db1(s)


def dJ_dH(s):
    return M(s.h_prev).T * dJ_db1(s)


def dJ_dh_prev(s):
    return dJ_db1(s) * M(s.H).T
