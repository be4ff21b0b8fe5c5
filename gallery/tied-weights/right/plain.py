import numpy as np


def dJ_dX_hat(s):
    return (s.X_hat - s.X) / s.X.shape[0]


def dJ_dc(s):
    return dJ_dX_hat(s).sum(axis=0)


def dJ_dh(s):
    return dJ_dX_hat(s) @ s.W


def dJ_db(s):
    return (dJ_dh(s) * s.h * (1 - s.h)).sum(axis=0)


def dJ_dW(s):
    dz = dJ_dh(s) * s.h * (1 - s.h)
    return s.X.T @ dz + dJ_dX_hat(s).T @ s.h


def dJ_dX(s):
    dz = dJ_dh(s) * s.h * (1 - s.h)
    return dz @ s.W.T - dJ_dX_hat(s)
