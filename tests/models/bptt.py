"""Backpropagation through time over two steps.

x1 and x2 are (1, d), the inputs; h0 is (1, m), the initial state, between 0 and 1.
W is (d, m), U is (m, m), and c is (1, m).
V is (m, k), the output weights.  t1 and t2 are (1, k), the targets.
"""

import numpy as np


def h1(x1, W, h0, U, c):
    """h1 = tanh(x1 W + h0 U + c), the first state: (1, m)."""
    return np.tanh(x1 @ W + h0 @ U + c)


def h2(x2, W, h1, U, c):
    """h2 = tanh(x2 W + h1 U + c), the second state: (1, m)."""
    return np.tanh(x2 @ W + h1 @ U + c)


def y1(h1, V):
    """y1 = h1 V, the first output: (1, k)."""
    return h1 @ V


def y2(h2, V):
    """y2 = h2 V, the second output: (1, k)."""
    return h2 @ V


def E(y1, t1, y2, t2):
    """E, half the squared error of both steps: a number."""
    return 0.5 * np.sum((y1 - t1) ** 2) + 0.5 * np.sum((y2 - t2) ** 2)
