"""A convolution with padding, as a sum over the kernel.

x is (C, 5, 5), w is (F, C, 3, 3), t is (F, 5, 5).
"""

import numpy as np


def out(x, w):
    p = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    return sum(np.einsum("fc,chw->fhw", w[:, :, i, j], p[:, i : i + 5, j : j + 5]) for i in range(3) for j in range(3))


def J(out, t):
    return 0.5 * np.sum((np.maximum(out, 0) - t) ** 2)
