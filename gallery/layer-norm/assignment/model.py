"""Layer normalization of a sequence of T vectors with D features each."""

import numpy as np

EPS = 1e-5


def mu(x):
    """The mean of each vector over its features, (T, 1); x is (T, D), the inputs."""
    return x.mean(axis=-1, keepdims=True)


def sigma(x, mu):
    """The standard deviation of each vector over its features, (T, 1)."""
    return np.sqrt(np.mean((x - mu) ** 2, axis=-1, keepdims=True) + EPS)


def x_hat(x, mu, sigma):
    """x_hat = (x - mu) / sigma, the normalized vectors, (T, D)."""
    return (x - mu) / sigma


def out(x_hat, g, b):
    """out = g * x_hat + b, (T, D); g is (D,), the gain, and b is (D,), the bias."""
    return g * x_hat + b


def J(out, dout):
    """A loss whose gradient with respect to out is dout; dout is (T, D), the upstream gradient."""
    return np.sum(out * dout)
