"""Softmax regression on a minibatch.

X is (N, D), the features, an example in each row.  y is (N,), the labels, indices below K.
W is (D, K), the weights, and b is (K,), the bias.
"""

import numpy as np


def scores(X, W, b):
    """scores = X W + b, a score for each example and class: (N, K)."""
    return X @ W + b


def p(scores):
    """p, the probabilities, the softmax of each row of the scores: (N, K)."""
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def J(p, y):
    """The cross entropy, averaged over the examples: a number."""
    return -np.mean(np.log(p[np.arange(len(y)), y]))
