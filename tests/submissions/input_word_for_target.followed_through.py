"""Subtracts 1 at the current word x, where it belongs to the next word."""
# expect: dJ_db2=failed, others=followed_through

import numpy as np

dJ_dU = lambda s: s.h.T @ dJ_db2(s)
dJ_dh = lambda s: dJ_db2(s) @ s.U.T
dJ_db1 = lambda s: dJ_dh(s) * s.h * (1 - s.h)
dJ_dL_x = lambda s: dJ_db1(s) @ s.I.T
dJ_dI = lambda s: s.e.T @ dJ_db1(s)
dJ_dH = lambda s: s.h_prev.T @ dJ_db1(s)
dJ_dh_prev = lambda s: dJ_db1(s) @ s.H.T


def dJ_db2(s):
    d = np.array(s.y_hat)
    d[0, s.x] -= 1.0
    return d
