"""Sums written out as Python loops; the last digits differ from a matrix product, and that must not matter."""
# expect: all=passed

import numpy as np


def outer(a, b):
    result = np.zeros((a.shape[1], b.shape[1]))
    for i in range(a.shape[1]):
        for j in range(b.shape[1]):
            result[i, j] = a[0, i] * b[0, j]
    return result


def back(delta, W):
    result = np.zeros((1, W.shape[0]))
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            result[0, i] += W[i, j] * delta[0, j]
    return result


def dJ_db2(s):
    result = np.zeros(s.b2.shape)
    for j in range(s.b2.shape[1]):
        result[0, j] = s.y_hat[0, j] - s.y[0, j]
    return result


def dJ_dU(s):
    return outer(s.h, dJ_db2(s))


def dJ_dh(s):
    return back(dJ_db2(s), s.U)


def dJ_db1(s):
    result = dJ_dh(s)
    for i in range(s.b1.shape[1]):
        result[0, i] *= s.h[0, i] * (1 - s.h[0, i])
    return result


def dJ_dL_x(s):
    return back(dJ_db1(s), s.I)


def dJ_dI(s):
    return outer(s.e, dJ_db1(s))


def dJ_dH(s):
    return outer(s.h_prev, dJ_db1(s))


def dJ_dh_prev(s):
    return back(dJ_db1(s), s.H)
