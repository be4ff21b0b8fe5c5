"""A tiny CNN: conv (pad 1) -> relu -> 2x2 max pool -> fully connected -> squared error.

img: (C, H, W), an image with C channels.
K: (F, C, 3, 3), the kernels.
bias: (F,), one bias per filter.
V: (O, D), the weights of the last layer, D = F * (H // 2) * (W // 2).
target: (O,), what should come out.
"""

import numpy as np


def conv(img, K, bias):
    """Convolution with padding 1: (F, H, W)."""
    C, H, W = img.shape
    F = K.shape[0]
    padded = np.pad(img, ((0, 0), (1, 1), (1, 1)))
    out = np.zeros((F, H, W))
    for f in range(F):
        for i in range(H):
            for j in range(W):
                for c in range(C):
                    for u in range(3):
                        for v in range(3):
                            out[f, i, j] += padded[c, i + u, j + v] * K[f, c, u, v]
                out[f, i, j] += bias[f]
    return out


def act(conv):
    """ReLU: (F, H, W)."""
    return np.maximum(0, conv)


def pool(act):
    """2x2 max pooling: (F, H // 2, W // 2)."""
    F, H, W = act.shape
    out = np.zeros((F, H // 2, W // 2))
    for f in range(F):
        for i in range(H // 2):
            for j in range(W // 2):
                out[f, i, j] = act[f, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max()
    return out


def pred(pool, V):
    """Prediction: (O,)."""
    return V @ pool.flatten()


def L(pred, target):
    """Half the squared error: a number."""
    return 0.5 * np.sum((pred - target) ** 2)
