"""One step of a gated recurrent unit.

x is (1, d), h is (1, H), Wz, Wr and Wn are (d, H), Uz, Ur and Un are (H, H), bz, br, bn are (1, H), dout is (1, H).
"""

import numpy as np


def sigmoid(a):
    return np.where(a >= 0, 1 / (1 + np.exp(-np.abs(a))), np.exp(-np.abs(a)) / (1 + np.exp(-np.abs(a))))


def z(x, h, Wz, Uz, bz):
    return sigmoid(x @ Wz + h @ Uz + bz)


def r(x, h, Wr, Ur, br):
    return sigmoid(x @ Wr + h @ Ur + br)


def n(x, r, h, Wn, Un, bn):
    return np.tanh(x @ Wn + (r * h) @ Un + bn)


def new(z, n, h):
    return (1 - z) * n + z * h


def J(new, dout):
    return np.sum(new * dout)
