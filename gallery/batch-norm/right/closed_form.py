import numpy as np
from model import EPS


def dJ_dbeta(s):
    return np.sum(s.dout, axis=0)


def dJ_dgamma(s):
    return np.sum(s.dout * s.x_hat, axis=0)


def dJ_dx_hat(s):
    return s.gamma * s.dout


def dJ_dvar(s):
    return -0.5 / (s.var + EPS) * np.sum(dJ_dx_hat(s) * s.x_hat, axis=0)


def dJ_dmu(s):
    return -dJ_dx_hat(s).sum(axis=0) / np.sqrt(s.var + EPS)


def dJ_dx(s):
    N, D = s.x.shape
    dx_hat = dJ_dx_hat(s)
    sum_dx_hat = np.sum(dx_hat, axis=0)
    projection = s.x_hat * np.sum(dx_hat * s.x_hat, axis=0)
    return (N * dx_hat - sum_dx_hat - projection) / (N * np.sqrt(s.var + EPS))
