"""One step of an LSTM.  x is (1, d), the input; h_prev and c_prev are (1, H), the previous state and cell.

Wi, Wf, Wo and Wg are (d, H), from the input to the gates; Ui, Uf, Uo and Ug are (H, H), from the previous state to the gates;
bi, bf, bo and bg are (1, H).  dh is (1, H), the gradient that arrives at h.
"""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def i(x, Wi, h_prev, Ui, bi):
    """The input gate: (1, H)."""
    return sigmoid(x @ Wi + h_prev @ Ui + bi)


def f(x, Wf, h_prev, Uf, bf):
    """The forget gate: (1, H)."""
    return sigmoid(x @ Wf + h_prev @ Uf + bf)


def o(x, Wo, h_prev, Uo, bo):
    """The output gate: (1, H)."""
    return sigmoid(x @ Wo + h_prev @ Uo + bo)


def g(x, Wg, h_prev, Ug, bg):
    """The candidate: (1, H)."""
    return np.tanh(x @ Wg + h_prev @ Ug + bg)


def c(f, c_prev, i, g):
    """c = f * c_prev + i * g, the cell: (1, H)."""
    return f * c_prev + i * g


def h(o, c):
    """h = o * tanh(c), the state: (1, H)."""
    return o * np.tanh(c)


def J(h, dh):
    """The loss whose gradient with respect to h is dh."""
    return np.sum(dh * h)
