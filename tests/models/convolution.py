"""A two-dimensional convolution, ReLU and max-pooling: sizes that fit together only if the filters fit into the image."""

import numpy as np


def z(x, w):
    """The filters slid over the image: (F, H - K + 1, W - K + 1); x is (H, W), w is (F, K, K)."""
    K = w.shape[-1]
    height, width = x.shape[0] - K + 1, x.shape[1] - K + 1
    windows = [(i, j, x[i : i + height, j : j + width]) for i in range(K) for j in range(K)]
    return sum(w[:, i, j, None, None] * window for i, j, window in windows)


def m(z):
    """The larger one of each two neighbors of relu(z): (F, H - K + 1, (W - K + 1) // 2)."""
    return np.maximum(z, 0).reshape(*z.shape[:2], -1, 2).max(axis=-1)


def J(m, g):
    """The loss whose gradient with respect to m is g; g is (F, H - K + 1, (W - K + 1) // 2), the upstream gradient."""
    return np.sum(m * g)
