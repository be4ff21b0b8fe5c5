import numpy as np


def dJ_db(s):
    return np.einsum("td->d", s.dout)


def dJ_dg(s):
    return np.einsum("td,td->d", s.dout, s.x_hat)


def dJ_dx_hat(s):
    return np.einsum("td,d->td", s.dout, s.g)


def dJ_dsigma(s):
    inner = np.einsum("td,td->t", dJ_dx_hat(s), s.x - s.mu)
    return -inner[:, np.newaxis] * s.sigma**-2.0


def dJ_dmu(s):
    return -np.einsum("td->t", dJ_dx_hat(s))[:, np.newaxis] / s.sigma


def dJ_dx(s):
    D = len(s.g)
    dvar = dJ_dsigma(s) * 0.5 / s.sigma
    dx = dJ_dx_hat(s) / s.sigma
    dx += np.einsum("to,td->td", dvar, 2 * (s.x - s.mu)) / D
    dx += np.broadcast_to(dJ_dmu(s), dx.shape) / D
    return dx
