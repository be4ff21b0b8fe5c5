"""Softmax regression on a minibatch.

X is (N, D), W is (D, K), b is (1, K), y is (N, K), one-hot.
"""

import numpy as np


def scores(X, W, b):
    return X @ W + b


def p(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def J(p, y):
    """mean cross entropy; y is one-hot."""
    return -np.sum(y * np.log(p)) / len(y)
