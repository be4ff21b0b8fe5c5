import numpy as np

EPS = 1e-5


def dJ_dbeta(s):
    return s.dout.sum(axis=0)


def dJ_dgamma(s):
    return (s.dout * s.x_hat).sum(axis=0)


def dJ_dx_hat(s):
    return s.dout * s.gamma


def dJ_dvar(s):
    return np.sum(dJ_dx_hat(s) * (s.x - s.mu) * -0.5 * (s.var + EPS) ** -1.5, axis=0)


def dJ_dmu(s):
    return np.sum(dJ_dx_hat(s) * -1 / np.sqrt(s.var + EPS), axis=0)


def dJ_dx(s):
    N = s.x.shape[0]
    return dJ_dx_hat(s) / np.sqrt(s.var + EPS) + dJ_dvar(s) * 2 * (s.x - s.mu) / N + dJ_dmu(s) / N
