"""Two layers, the relu a quantity and the strength of L2 a number.

X is (N, D), W1 is (D, H), b1 is (1, H), W2 is (H, K), b2 is (1, K), y is (N, K), one-hot, reg is a number.
"""

import numpy as np


def a(X, W1, b1):
    return X @ W1 + b1


def h(a):
    return np.maximum(0, a)


def scores(h, W2, b2):
    return h @ W2 + b2


def p(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def J(p, y, W1, W2, reg):
    data = -np.sum(y * np.log(p)) / len(y)
    return data + 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))
