"""The derivative of the softmax as a table, not multiplied with anything: what builds on it is right given it, or
stops, and is right on a row."""
# expect: dJ_db2=failed, others=followed_through

import numpy as np


def dJ_db2(s):
    p = s.y_hat.reshape(-1, 1)
    return np.diagflat(p) - np.dot(p, p.T)


def dJ_dU(s):
    return s.h.T @ dJ_db2(s)


def dJ_dh(s):
    return dJ_db2(s) @ s.U.T


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
