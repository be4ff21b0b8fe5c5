"""A Gaussian variational autoencoder on logits.

x is (N, D), probabilities, Wm and Ws are (D, K), noise is (N, K), V is (K, D).
"""

import numpy as np


def m(x, Wm):
    return x @ Wm


def logvar(x, Ws):
    return x @ Ws


def z(m, logvar, noise):
    return m + np.exp(0.5 * logvar) * noise


def logits(z, V):
    return z @ V


def J(x, logits, m, logvar):
    bce = np.sum(np.logaddexp(0, logits) - x * logits)
    kl = -0.5 * np.sum(1 + logvar - m**2 - np.exp(logvar))
    return (bce + kl) / len(x)
