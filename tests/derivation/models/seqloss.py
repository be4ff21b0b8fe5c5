"""Cross entropy over sequences of labels, some of them masked.

H is (N, T, D), W is (D, V), y is (N, T), labels below V, mask is (N, T), zeros and ones.
"""

import numpy as np


def Z(H, W):
    return H @ W


def J(Z, y, mask):
    m = Z.max(-1, keepdims=True)
    lse = m[..., 0] + np.log(np.exp(Z - m).sum(-1))
    picked = np.take_along_axis(Z, y[..., None], axis=-1)[..., 0]
    return ((lse - picked) * mask).sum() / (mask.sum() + 1)
