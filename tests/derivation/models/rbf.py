"""Regression on radial basis functions.

X is (N, D), c is (K, D), w is (K,), y is (N,), s is a positive number.
"""

import numpy as np


def Phi(X, c, s):
    d2 = (X**2).sum(1)[:, None] - 2 * X @ c.T + (c**2).sum(1)[None, :]
    return np.exp(-d2 / (2 * s**2))


def J(Phi, w, y):
    return 0.5 * np.sum((Phi @ w - y) ** 2)
