"""With the errors of the two layers as helpers, and outer products."""

import numpy as np


def delta2(s):
    delta = s.y_hat.copy()
    delta[0, np.argmax(s.y)] -= 1
    return delta


def delta1(s):
    back = delta2(s) @ s.U.T
    return np.multiply(back, s.h - s.h**2)


def dJ_db2(s):
    return delta2(s)


def dJ_dU(s):
    return np.outer(s.h, delta2(s))


def dJ_dh(s):
    return delta2(s) @ s.U.T


def dJ_db1(s):
    return delta1(s)


def dJ_dL_x(s):
    return delta1(s) @ s.I.T


def dJ_dI(s):
    return np.outer(s.e, delta1(s))


def dJ_dH(s):
    return np.outer(s.h_prev, delta1(s))


def dJ_dh_prev(s):
    return delta1(s) @ s.H.T
