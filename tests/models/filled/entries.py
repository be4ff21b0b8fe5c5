"""conv -> relu -> 2x2 max pool -> squared error, one channel.

x: (H, W), the image.
k: (3, 3), the kernel.
t: (P, Q), the target, with P = (H - 2) // 2 and Q = (W - 2) // 2.
"""

import numpy as np


def z(x, k):
    """valid cross-correlation: (H - 2, W - 2)."""
    H, W = x.shape
    z = np.zeros((H - 2, W - 2))
    for i in range(H - 2):
        for j in range(W - 2):
            s = 0
            for u in range(3):
                for v in range(3):
                    s += x[i + u, j + v] * k[u, v]
            z[i, j] = s
    return z


def a(z):
    """relu: (H - 2, W - 2)."""
    return np.where(z > 0, z, 0)


def p(a):
    """max pooling: (P, Q)."""
    h, w = a.shape
    out = np.zeros((h // 2, w // 2))
    for i in range(0, h - 1, 2):
        for j in range(0, w - 1, 2):
            out[i // 2, j // 2] = max(a[i, j], a[i, j + 1], a[i + 1, j], a[i + 1, j + 1])
    return out


def loss(p, t):
    """squared error: a number."""
    return ((p - t) ** 2).sum() / 2
