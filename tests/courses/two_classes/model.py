"""A two-layer ReLU net: the layer itself is a quantity, and the strength of the L2 term a constant."""

import numpy as np


def a(X, W1, b1):
    return X @ W1 + b1


def h(a):
    return np.maximum(0, a)


def logits(h, W2, b2):
    return h @ W2 + b2


def shifted(logits):
    return logits - logits.max(axis=1, keepdims=True)


def J(shifted, y, W1, W2, reg):
    logp = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.mean(logp[np.arange(len(y)), y]) + 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))
