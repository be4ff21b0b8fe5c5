"""A support vector machine on normalized features, with labels of -1 and 1."""

import numpy as np


def rms(x):
    return np.sqrt(np.mean(x**2, axis=-1, keepdims=True))


def u(x, rms, g):
    return x / rms * g


def a(u):
    return u / (1 + np.exp(-u))


def m(y, a, w):
    return y * (a @ w)


def J(m):
    return np.mean(np.maximum(0, 1 - m))
