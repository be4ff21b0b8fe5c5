"""Softmax regression on a minibatch of N examples with D features and K classes."""

import numpy as np


def scores(X, W, b):
    """scores = X W + b, (N, K); X is (N, D), W is (D, K), b is (K,)."""
    return X @ W + b


def p(scores):
    """The probabilities, p = softmax(scores) row by row, (N, K)."""
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def J(p, y):
    """The cross entropy, averaged over the examples; y is (N,), the labels, indices below K."""
    return -np.mean(np.log(p[np.arange(len(y)), y]))
