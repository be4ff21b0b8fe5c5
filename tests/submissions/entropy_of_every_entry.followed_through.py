"""The derivative of a cross entropy of every entry, with the whole Jacobian of the softmax: one mistake."""
# expect: dJ_db2=failed, others=followed_through

import numpy as np


def loss_gradient(y, p):
    p = np.clip(p, 1e-15, 1 - 1e-15)
    return -(y / p) + (1 - y) / (1 - p)


def dJ_db2(s):
    p = s.y_hat
    return loss_gradient(s.y, p) @ (np.diag(p[0]) - p.T @ p)


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
