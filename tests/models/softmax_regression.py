"""Softmax regression on a minibatch.

X is (N, D), a minibatch with one example a row.  W is (D, K), the weights, and b is (1, K), the biases.
Y is (N, K), the labels, one-hot.
"""

import numpy as np


def scores(X, W, b):
    """scores = X W + b, a score for each example and class: (N, K)."""
    return X @ W + b


def P(scores):
    """P, the class probabilities, the softmax of each row of scores: (N, K)."""
    e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def L(P, Y):
    """L, the mean cross entropy: a number."""
    return -np.sum(Y * np.log(P)) / len(Y)
