import numpy as np


def dJ_db(s):
    return s.dout.sum(axis=0)


def dJ_dg(s):
    return (s.dout * s.x_hat).sum(axis=0)


def dJ_dx_hat(s):
    return s.dout * s.g


def dJ_dsigma(s):
    return -(dJ_dx_hat(s) * (s.x - s.mu) / s.sigma**2).sum(axis=1, keepdims=True)


def dJ_dmu(s):
    return -(dJ_dx_hat(s) / s.sigma).sum(axis=1, keepdims=True)


def dJ_dx(s):
    D = s.x.shape[1]
    dx = dJ_dx_hat(s) / s.sigma
    dx = dx + dJ_dsigma(s) * s.x_hat / D
    dx = dx + dJ_dmu(s) / D
    return dx
