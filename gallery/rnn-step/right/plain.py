import numpy as np


def dJ_db2(s):
    return s.y_hat - s.y


def dJ_dU(s):
    return np.dot(s.h.T, dJ_db2(s))


def dJ_dh(s):
    return np.dot(dJ_db2(s), s.U.T)


def dJ_db1(s):
    return dJ_dh(s) * s.h * (1 - s.h)


def dJ_dL_x(s):
    return np.dot(dJ_db1(s), s.I.T)


def dJ_dI(s):
    return np.dot(s.e.T, dJ_db1(s))


def dJ_dH(s):
    return np.dot(s.h_prev.T, dJ_db1(s))


def dJ_dh_prev(s):
    return np.dot(dJ_db1(s), s.H.T)
