"""A mixture of Gaussians with diagonal covariances, its negative log-likelihood.

x is (N, D), mu is (K, D), logits is (K,), ls is (K, D).
"""

import numpy as np


def logpi(logits):
    return logits - np.log(np.sum(np.exp(logits)))


def ll(x, mu, ls):
    d = (x[:, None, :] - mu[None]) / np.exp(ls)[None]
    return -0.5 * (d**2).sum(-1) - ls.sum(-1) - 0.5 * x.shape[1] * np.log(2 * np.pi)


def J(ll, logpi):
    a = ll + logpi
    m = a.max(axis=1, keepdims=True)
    return -np.mean(m[:, 0] + np.log(np.exp(a - m).sum(axis=1)))
