"""h is computed again, without the bias: two gradients use it, and the others follow."""
# expect: dJ_db2=passed, dJ_dh=passed, dJ_dU=failed, dJ_db1=failed, others=followed_through

import numpy as np


def hidden(s):
    return 1 / (1 + np.exp(-(s.h_prev @ s.H + s.e @ s.I)))


def dJ_db2(s):
    return s.y_hat - s.y


def dJ_dU(s):
    return hidden(s).T @ dJ_db2(s)


def dJ_dh(s):
    return dJ_db2(s) @ s.U.T


def dJ_db1(s):
    return dJ_dh(s) * hidden(s) * (1 - hidden(s))


def dJ_dL_x(s):
    return dJ_db1(s) @ s.I.T


def dJ_dI(s):
    return s.e.T @ dJ_db1(s)


def dJ_dH(s):
    return s.h_prev.T @ dJ_db1(s)


def dJ_dh_prev(s):
    return dJ_db1(s) @ s.H.T
