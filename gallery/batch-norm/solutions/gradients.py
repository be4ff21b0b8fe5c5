"""The gradients of `J`, solved.  For instructors only: this file must never reach a student.

A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.
"""

import numpy as np
from model import EPS


def dJ_dbeta(s):
    """dJ/dbeta, (D,): beta is added to every row, so the rows are summed."""
    return np.sum(s.dout, axis=0)


def dJ_dgamma(s):
    """dJ/dgamma, (D,): gamma scales every row of x_hat."""
    return np.sum(s.x_hat * s.dout, axis=0)


def dJ_dx_hat(s):
    """dJ/dx_hat, (N, D)."""
    return s.gamma * s.dout


def dJ_dvar(s):
    """dJ/dvar, (D,): x_hat is (x - mu) (var + EPS)^(-1/2)."""
    return -0.5 * np.sum(dJ_dx_hat(s) * (s.x - s.mu), axis=0) * (s.var + EPS) ** -1.5


def dJ_dmu(s):
    """dJ/dmu, (D,): mu is used by x_hat and by var.

    The second path is zero up to rounding, because the deviations from a mean add up to zero.
    """
    through_x_hat = -np.sum(dJ_dx_hat(s), axis=0) / np.sqrt(s.var + EPS)
    through_var = -2 * dJ_dvar(s) * np.mean(s.x - s.mu, axis=0)
    return through_x_hat + through_var


def dJ_dx(s):
    """dJ/dx, (N, D): x is used by x_hat, by var and by mu."""
    N = len(s.x)
    through_x_hat = dJ_dx_hat(s) / np.sqrt(s.var + EPS)
    through_var = dJ_dvar(s) * 2 * (s.x - s.mu) / N
    through_mu = dJ_dmu(s) / N
    return through_x_hat + through_var + through_mu
