"""Two layers: affine, relu, affine, softmax, cross entropy and L2.

X is (N, D), W1 is (D, H), b1 is (1, H), W2 is (H, K), b2 is (1, K), y is (N, K), one-hot.
"""

import numpy as np

REG = 0.1


def relu(a):
    return np.maximum(0, a)


def a(X, W1, b1):
    return X @ W1 + b1


def scores(a, W2, b2):
    return relu(a) @ W2 + b2


def p(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def J(p, y, W1, W2):
    data = -np.sum(y * np.log(p)) / len(y)
    return data + 0.5 * REG * (np.sum(W1**2) + np.sum(W2**2))
