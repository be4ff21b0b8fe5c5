"""Every gradient from the beginning, and none calls another."""

import numpy as np


def dJ_db2(s):
    return s.y_hat - s.y


def dJ_dU(s):
    return np.outer(s.h, s.y_hat - s.y)


def dJ_dh(s):
    return (s.y_hat - s.y).dot(s.U.T)


def dJ_db1(s):
    dh = (s.y_hat - s.y).dot(s.U.T)
    return dh * s.h * (1 - s.h)


def dJ_dL_x(s):
    dz = (s.y_hat - s.y).dot(s.U.T) * s.h * (1 - s.h)
    return dz.dot(s.I.T)


def dJ_dI(s):
    dz = (s.y_hat - s.y).dot(s.U.T) * s.h * (1 - s.h)
    return np.outer(s.e, dz)


def dJ_dH(s):
    dz = (s.y_hat - s.y).dot(s.U.T) * s.h * (1 - s.h)
    return np.outer(s.h_prev, dz)


def dJ_dh_prev(s):
    dz = (s.y_hat - s.y).dot(s.U.T) * s.h * (1 - s.h)
    return dz.dot(s.H.T)
