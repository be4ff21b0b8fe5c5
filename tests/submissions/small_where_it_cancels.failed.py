"""dJ_db2 makes dJ_dh zero but for rounding, and dJ_dh is no gradient, but as small: small numbers follow from nothing."""
# expect: dJ_db2=failed, dJ_dh=failed, others=followed_through

import numpy as np


def dJ_db2(s):
    right = s.y_hat - s.y
    return right - right @ np.linalg.pinv(s.U) @ s.U


def dJ_dU(s):
    return s.h.T @ dJ_db2(s)


def dJ_dh(s):
    return 1e-17 * np.cos(dJ_db2(s) @ np.sin(s.U.T))


def dJ_db1(s):
    return dJ_dh(s) * s.h * (1 - s.h)


def dJ_dL_x(s):
    return dJ_db1(s) @ s.I.T


def dJ_dI(s):
    return s.e.T @ dJ_db1(s)


def dJ_dH(s):
    return s.h_prev.T @ dJ_db1(s)


def dJ_dh_prev(s):
    return dJ_db1(s) @ s.H.T
