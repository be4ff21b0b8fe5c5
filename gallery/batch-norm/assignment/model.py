"""Batch normalization of a minibatch of N examples with D features."""

import numpy as np

EPS = 1e-5


def mu(x):
    """The mean of each feature over the minibatch, (D,); x is (N, D), the inputs."""
    return np.mean(x, axis=0)


def var(x, mu):
    """The variance of each feature over the minibatch, (D,)."""
    return np.mean((x - mu) ** 2, axis=0)


def x_hat(x, mu, var):
    """x_hat = (x - mu) / sqrt(var + EPS), the normalized inputs, (N, D)."""
    return (x - mu) / np.sqrt(var + EPS)


def out(x_hat, gamma, beta):
    """out = gamma x_hat + beta, (N, D); gamma is (D,), the scale, and beta is (D,), the shift."""
    return gamma * x_hat + beta


def J(out, dout):
    """A loss whose gradient with respect to out is dout; dout is (N, D), the upstream gradient."""
    return np.sum(out * dout)
