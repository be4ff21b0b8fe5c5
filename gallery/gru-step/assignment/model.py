"""One step of a GRU.

x is (1, d), the input.
h_prev is (1, H), the previous state, between -1 and 1.
W_z is (d, H), the weights from x to the update gate.
U_z is (H, H), the weights from h_prev to the update gate.
b_z is (1, H), the bias of the update gate.
W_r is (d, H), the weights from x to the reset gate.
U_r is (H, H), the weights from h_prev to the reset gate.
b_r is (1, H), the bias of the reset gate.
W_n is (d, H), the weights from x to the candidate.
U_n is (H, H), the weights from r * h_prev to the candidate.
b_n is (1, H), the bias of the candidate.
dh is (1, H), the gradient that arrives at h.
"""

import numpy as np


def sigmoid(a):
    """sigmoid(a) = 1 / (1 + exp(-a)), entry by entry."""
    return 1 / (1 + np.exp(-a))


def z(x, W_z, h_prev, U_z, b_z):
    """z = sigmoid(x W_z + h_prev U_z + b_z), the update gate: (1, H)."""
    return sigmoid(x @ W_z + h_prev @ U_z + b_z)


def r(x, W_r, h_prev, U_r, b_r):
    """r = sigmoid(x W_r + h_prev U_r + b_r), the reset gate: (1, H)."""
    return sigmoid(x @ W_r + h_prev @ U_r + b_r)


def n(x, W_n, r, h_prev, U_n, b_n):
    """n = tanh(x W_n + (r * h_prev) U_n + b_n), the candidate: (1, H)."""
    return np.tanh(x @ W_n + (r * h_prev) @ U_n + b_n)


def h(z, n, h_prev):
    """h = (1 - z) * n + z * h_prev, the new state: (1, H)."""
    return (1 - z) * n + z * h_prev


def J(h, dh):
    """The loss as far as it depends on this step: h, weighted by the gradient that arrives at it."""
    return np.sum(dh * h)
