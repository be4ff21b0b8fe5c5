import numpy as np


def gain(t):
    return np.interp(t, [0.0, 0.4, 1.0], [1.0, 3.0, 2.0])


def z(x, w):
    return x @ w


def out(z, gain):
    return z * gain


def J(out, dout):
    return np.sum(out * dout)
