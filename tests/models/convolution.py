"""A convolution, ReLU and max-pooling: sizes that fit together only if the filter is shorter than the signal."""

import numpy as np


def z(x, w):
    """The filters slid along the signal: (F, T - K + 1); x is (T,), w is (F, K)."""
    O = len(x) - w.shape[1] + 1
    return sum(w[:, k, None] * x[k : k + O] for k in range(w.shape[1]))


def m(z):
    """The larger one of each two neighbors of relu(z): (F, (T - K + 1) // 2)."""
    return np.maximum(z, 0).reshape(len(z), -1, 2).max(axis=2)


def J(m, g):
    """The loss whose gradient with respect to m is g; g is (F, (T - K + 1) // 2), the upstream gradient."""
    return np.sum(m * g)
