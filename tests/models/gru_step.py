"""One step of a GRU, for a squared error.

x is (1, d), the input.  h_prev is (1, m), the previous state.
Wz, Wr and Wh are (d, m).  Uz, Ur and Uh are (m, m).  bz, br and bh are (1, m).
t is (1, m), the target.
"""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def z(x, Wz, h_prev, Uz, bz):
    """The update gate, (1, m)."""
    return sigmoid(x @ Wz + h_prev @ Uz + bz)


def r(x, Wr, h_prev, Ur, br):
    """The reset gate, (1, m)."""
    return sigmoid(x @ Wr + h_prev @ Ur + br)


def n(x, Wh, r, h_prev, Uh, bh):
    """The candidate state, (1, m)."""
    return np.tanh(x @ Wh + (r * h_prev) @ Uh + bh)


def h(z, n, h_prev):
    """h = (1 - z) * n + z * h_prev, the new state, (1, m)."""
    return (1 - z) * n + z * h_prev


def J(h, t):
    """Half the squared error."""
    return 0.5 * np.sum((h - t) ** 2)
