import numpy as np


def dJ_db(s):
    return np.sum(s.dout, axis=0)


def dJ_dg(s):
    return np.sum(s.dout * s.x_hat, axis=0)


def dJ_dx_hat(s):
    return s.dout * s.g


def dJ_dsigma(s):
    return -np.sum(dJ_dx_hat(s) * s.x_hat, axis=1, keepdims=True) / s.sigma


def dJ_dmu(s):
    return -np.sum(dJ_dx_hat(s), axis=1, keepdims=True) / s.sigma


def dJ_dx(s):
    dx_hat = dJ_dx_hat(s)
    mean = dx_hat.mean(axis=1, keepdims=True)
    projection = s.x_hat * (dx_hat * s.x_hat).mean(axis=1, keepdims=True)
    return (dx_hat - mean - projection) / s.sigma
