"""One step of an LSTM.

x is (1, d). h_prev, c_prev, dh and dc_next are (1, H). Wi, Wf, Wo and Wg are (d, H). Ui, Uf, Uo and Ug are (H, H).
bi, bf, bo and bg are (1, H).
"""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def i(x, h_prev, Wi, Ui, bi):
    return sigmoid(x @ Wi + h_prev @ Ui + bi)


def f(x, h_prev, Wf, Uf, bf):
    return sigmoid(x @ Wf + h_prev @ Uf + bf)


def o(x, h_prev, Wo, Uo, bo):
    return sigmoid(x @ Wo + h_prev @ Uo + bo)


def g(x, h_prev, Wg, Ug, bg):
    return np.tanh(x @ Wg + h_prev @ Ug + bg)


def c(f, c_prev, i, g):
    return f * c_prev + i * g


def h(o, c):
    return o * np.tanh(c)


def J(h, c, dh, dc_next):
    """The loss whose gradients by h and c are dh and dc_next."""
    return np.sum(dh * h) + np.sum(dc_next * c)
