"""Quantities and dimensions with the names that indices usually have.

i is (n, l), k is (l, v), j is (1, v), t is (n, v).
"""

import numpy as np


def a(i, k, j):
    return i @ k + j


def u(a):
    return np.tanh(a)


def J(u, t):
    return 0.5 * np.sum((u - t) ** 2)
