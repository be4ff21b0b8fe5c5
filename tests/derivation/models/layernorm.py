"""Layer norm with numpy's own mean and variance.

x is (N, D), gamma and beta are (D,), dout is (N, D).
"""

import numpy as np

EPS = 1e-5


def xhat(x):
    mean = x.mean(axis=1, keepdims=True)
    return (x - mean) / np.sqrt(x.var(axis=1, keepdims=True) + EPS)


def out(xhat, gamma, beta):
    return gamma * xhat + beta


def J(out, dout):
    return np.sum(out * dout)
