"""One infinite entry among right ones, and answers that are infinite, nan, or too large for a norm."""
# expect: dJ_dU=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T


def dJ_dU(s):
    g = s.h.T @ dJ_db2(s)
    g[0, 0] = np.inf
    return g


def dJ_dI(s):
    return np.full_like(s.I, -np.inf)


def dJ_dH(s):
    return np.full_like(s.H, np.nan)


def dJ_dh_prev(s):
    return np.full_like(s.h_prev, 1e308)
