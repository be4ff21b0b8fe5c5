import numpy as np


def dJ_dy_hat(s):
    return np.multiply(2.0 / s.y.shape[0], np.subtract(s.y_hat, s.y))


def dJ_dw(s):
    return np.einsum("nd,n->d", s.X, dJ_dy_hat(s)) + np.multiply(2 * s.lam, s.w)


def dJ_db(s):
    return np.einsum("n->", dJ_dy_hat(s))
