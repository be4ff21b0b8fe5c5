"""The gradients of `J`, solved.  For instructors only: this file must never reach a student.

A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.
"""

import numpy as np


def dJ_db(s):
    """dJ/db, (D,): b is added to every row, so the rows are summed."""
    return np.sum(s.dout, axis=0)


def dJ_dg(s):
    """dJ/dg, (D,): g scales every row of x_hat."""
    return np.sum(s.x_hat * s.dout, axis=0)


def dJ_dx_hat(s):
    """dJ/dx_hat, (T, D)."""
    return s.g * s.dout


def dJ_dsigma(s):
    """dJ/dsigma, (T, 1): x_hat is (x - mu) / sigma, and d(1/sigma) = -1/sigma^2."""
    return -np.sum(dJ_dx_hat(s) * (s.x - s.mu), axis=-1, keepdims=True) / s.sigma**2


def dJ_dmu(s):
    """dJ/dmu, (T, 1).

    mu is used by sigma, too, but that path is zero: the deviations from a mean add up to zero.
    """
    return -np.sum(dJ_dx_hat(s), axis=-1, keepdims=True) / s.sigma


def dJ_dx(s):
    """dJ/dx, (T, D): x is used by x_hat, by sigma and by mu."""
    D = s.x.shape[-1]
    through_x_hat = dJ_dx_hat(s) / s.sigma
    through_sigma = dJ_dsigma(s) * (s.x - s.mu) / (D * s.sigma)
    through_mu = dJ_dmu(s) / D
    return through_x_hat + through_sigma + through_mu
