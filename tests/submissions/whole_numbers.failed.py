"""Arrays of whole numbers are filled: what is assigned to them loses what follows the point."""
# expect: dJ_dU=failed, dJ_dH=failed, dJ_dI=failed, others=passed

import numpy as np


def dJ_db2(s):
    return s.y_hat - s.y


def dJ_dU(s):
    g = np.zeros(s.U.shape, dtype=int)
    g[:] = s.h.T @ dJ_db2(s)
    return g


def dJ_dI(s):
    g = np.zeros_like(np.arange(s.I.size).reshape(s.I.shape))
    for i in range(g.shape[0]):
        g[i] = 10 * s.e[0, i] * dJ_db1(s)[0]
    return g


def dJ_dH(s):
    return np.round(s.h_prev.T @ dJ_db1(s), 2)


def dJ_dh(s):
    return dJ_db2(s) @ s.U.T


def dJ_db1(s):
    return dJ_dh(s) * s.h * (1 - s.h)


def dJ_dL_x(s):
    return dJ_db1(s) @ s.I.T


def dJ_dh_prev(s):
    return dJ_db1(s) @ s.H.T
