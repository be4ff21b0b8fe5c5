"""dJ_db2 has no part along the rows of U, so dJ_dh is zero but for rounding: it is added up in another order than usual."""
# expect: dJ_db2=failed, others=followed_through

import numpy as np


def dJ_db2(s):
    right = s.y_hat - s.y
    return right - right @ np.linalg.pinv(s.U) @ s.U


def dJ_dU(s):
    return s.h.T @ dJ_db2(s)


def dJ_dh(s):
    return (dJ_db2(s)[:, ::-1] / 3) @ (3 * s.U.T[::-1])


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
