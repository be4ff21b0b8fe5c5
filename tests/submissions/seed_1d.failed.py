"""The printed solution on 1-D vectors: H^T dJ/db1 now runs and has the right shape, and is silently wrong, because
dJ/db1 H^T is H dJ/db1 there."""
# expect: dJ_db2=failed, dJ_dh_prev=failed, others=followed_through

import numpy as np


def rows(*names):
    """Hand the function 1-D vectors, and make a row of what it returns."""

    def decorate(function):
        return lambda s: np.atleast_2d(function(*(np.squeeze(getattr(s, name)) for name in names)))

    return decorate


def delta2(y, y_hat):
    return y - y_hat


def delta1(y, y_hat, U, h):
    return delta2(y, y_hat) @ U.T * h * (1 - h)


dJ_db2 = rows("y", "y_hat")(delta2)
dJ_dU = rows("h", "y", "y_hat")(lambda h, y, y_hat: np.outer(h.T, delta2(y, y_hat)))
dJ_dh = rows("y", "y_hat", "U")(lambda y, y_hat, U: delta2(y, y_hat) @ U.T)
dJ_db1 = rows("y", "y_hat", "U", "h")(delta1)
dJ_dL_x = rows("y", "y_hat", "U", "h", "I")(lambda y, y_hat, U, h, I: delta1(y, y_hat, U, h) @ I.T)
dJ_dI = rows("y", "y_hat", "U", "h", "e")(lambda y, y_hat, U, h, e: np.outer(e.T, delta1(y, y_hat, U, h)))
dJ_dH = rows("y", "y_hat", "U", "h", "h_prev")(lambda y, y_hat, U, h, hp: np.outer(hp.T, delta1(y, y_hat, U, h)))
dJ_dh_prev = rows("y", "y_hat", "U", "h", "H")(lambda y, y_hat, U, h, H: H.T @ delta1(y, y_hat, U, h))
