"""One step of an LSTM whose four gates are one matrix, with numbers that depend on a size."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def a(x, W, h_prev, U):
    return x @ W + h_prev @ U


def c(a, c_prev):
    i, f, o, g = np.split(a, 4)
    return sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)


def h(a, c):
    i, f, o, g = np.split(a, 4)
    return sigmoid(o) * np.tanh(c)


def J(h, dh):
    return np.sum(h * dh)
