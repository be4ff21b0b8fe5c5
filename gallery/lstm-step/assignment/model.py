"""One step of an LSTM.

x is (1, d), the input.
h_prev is (1, H), the previous state, between -1 and 1.
c_prev is (1, H), the previous cell.
W_f is (d, H), the weights from x to the forget gate.
U_f is (H, H), the weights from h_prev to the forget gate.
b_f is (1, H), the bias of the forget gate.
W_i is (d, H), the weights from x to the input gate.
U_i is (H, H), the weights from h_prev to the input gate.
b_i is (1, H), the bias of the input gate.
W_o is (d, H), the weights from x to the output gate.
U_o is (H, H), the weights from h_prev to the output gate.
b_o is (1, H), the bias of the output gate.
W_g is (d, H), the weights from x to the candidate.
U_g is (H, H), the weights from h_prev to the candidate.
b_g is (1, H), the bias of the candidate.
dh is (1, H), the gradient that arrives at h.
dc_next is (1, H), the gradient that the next time step hands back to c.
"""

import numpy as np


def sigmoid(a):
    """sigmoid(a) = 1 / (1 + exp(-a)), entry by entry."""
    return 1 / (1 + np.exp(-a))


def f(x, W_f, h_prev, U_f, b_f):
    """f = sigmoid(x W_f + h_prev U_f + b_f), the forget gate: (1, H)."""
    return sigmoid(x @ W_f + h_prev @ U_f + b_f)


def i(x, W_i, h_prev, U_i, b_i):
    """i = sigmoid(x W_i + h_prev U_i + b_i), the input gate: (1, H)."""
    return sigmoid(x @ W_i + h_prev @ U_i + b_i)


def o(x, W_o, h_prev, U_o, b_o):
    """o = sigmoid(x W_o + h_prev U_o + b_o), the output gate: (1, H)."""
    return sigmoid(x @ W_o + h_prev @ U_o + b_o)


def g(x, W_g, h_prev, U_g, b_g):
    """g = tanh(x W_g + h_prev U_g + b_g), the candidate: (1, H)."""
    return np.tanh(x @ W_g + h_prev @ U_g + b_g)


def c(f, c_prev, i, g):
    """c = f * c_prev + i * g, the cell: (1, H)."""
    return f * c_prev + i * g


def h(o, c):
    """h = o * tanh(c), the state: (1, H)."""
    return o * np.tanh(c)


def J(h, dh, c, dc_next):
    """The loss as far as it depends on this step: h and c, weighted by the gradients that arrive at them."""
    return np.sum(dh * h) + np.sum(dc_next * c)
