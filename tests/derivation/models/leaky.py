"""A leaky ReLU, written as a choice.

x is (N, D), W is (D, H), y is (N, H).
"""

import numpy as np


def a(x, W):
    return x @ W


def h(a):
    return np.where(a > 0, a, 0.1 * a)


def J(h, y):
    return 0.5 * np.sum((h - y) ** 2)
