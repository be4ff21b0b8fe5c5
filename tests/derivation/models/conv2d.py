"""A 2-D convolution by loops, relu, 2 x 2 max pooling, and a sum of squares.

x is (C, 4, 4), w is (2, C, 3, 3), b is (2,), t is (2, 1, 1).
"""

import numpy as np


def conv(x, w, b):
    F, _, HH, WW = w.shape
    H, W = x.shape[1] - HH + 1, x.shape[2] - WW + 1
    out = np.zeros((F, H, W))
    for f in range(F):
        for i in range(H):
            for j in range(W):
                out[f, i, j] = np.sum(x[:, i : i + HH, j : j + WW] * w[f]) + b[f]
    return out


def a(conv):
    return np.maximum(conv, 0.01 * conv)


def pool(a):
    F, H, W = a.shape
    return a.reshape(F, H // 2, 2, W // 2, 2).max(axis=(2, 4))


def J(pool, t):
    return 0.5 * np.sum((pool - t) ** 2)
