"""Max pooling by loops, windows of two by two.

x is (C, 6, 4), gain is (C, 1, 1), w is (C, 3, 2).
"""

import numpy as np


def scaled(x, gain):
    return x * gain


def pool(scaled):
    out = np.zeros((scaled.shape[0], scaled.shape[1] // 2, scaled.shape[2] // 2))
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            out[:, i, j] = np.max(scaled[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2], axis=(1, 2))
    return out


def J(pool, w):
    return np.sum(pool**2 * w)
