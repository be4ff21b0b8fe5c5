import numpy as np


def dJ_db(s):
    return np.sum(s.dout.T, axis=1)


def dJ_dg(s):
    return np.sum(s.x_hat.T * s.dout.T, axis=1)


def dJ_dx_hat(s):
    return (s.dout.T * s.g[:, None]).T


def dJ_dsigma(s):
    upstream = dJ_dx_hat(s).T
    centered = (s.x - s.mu).T
    row = np.sum(upstream * centered, axis=0)
    return -(row / s.sigma.T**2).T


def dJ_dmu(s):
    upstream = dJ_dx_hat(s).T
    return -(np.sum(upstream, axis=0) / s.sigma.T).T


def dJ_dx(s):
    """As in batch normalization, with the vectors as columns."""
    D = s.x.shape[1]
    upstream, centered, sigma = dJ_dx_hat(s).T, (s.x - s.mu).T, s.sigma.T
    dsigma, dmu = dJ_dsigma(s).T, dJ_dmu(s).T
    dx = upstream / sigma + dsigma * centered / (D * sigma) + dmu / D
    return dx.T
