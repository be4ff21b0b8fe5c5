"""A regression with one hidden layer on a batch of N examples: another model than the bundled one, as plain as can be."""

import numpy as np


def a(X, W, c):
    """a = X W + c, the hidden layer before its tanh: (N, m)."""
    return X @ W + c


def g(a):
    """g = tanh(a), the hidden layer: (N, m)."""
    return np.tanh(a)


def p(g, v):
    """p = g v, the predictions: (N, 1)."""
    return g @ v


def E(p, t):
    """Half the mean squared error: a number."""
    return 0.5 * np.mean((p - t) ** 2, axis=(-2, -1))
