import numpy as np
from model import EPS


def inv_std(s):
    return np.power(s.var + EPS, -0.5)


def dJ_dbeta(s):
    return np.einsum("nd->d", s.dout)


def dJ_dgamma(s):
    return np.einsum("nd,nd->d", s.x_hat, s.dout)


def dJ_dx_hat(s):
    return np.einsum("d,nd->nd", s.gamma, s.dout)


def dJ_dvar(s):
    return np.einsum("nd,nd,d->d", dJ_dx_hat(s), s.x - s.mu, -(inv_std(s) ** 3) / 2)


def dJ_dmu(s):
    return np.einsum("nd,d->d", dJ_dx_hat(s), -inv_std(s))


def dJ_dx(s):
    N = len(s.dout)
    ones = np.ones((N, 1))
    centered = s.x - ones @ s.mu[None, :]
    return dJ_dx_hat(s) * inv_std(s) + (2 / N) * centered * dJ_dvar(s) + ones @ dJ_dmu(s)[None, :] / N
