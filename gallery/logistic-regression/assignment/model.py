"""Logistic regression with a weight vector and a bias.

X is (N, D), the features, an example in each row.  y is (N,), the labels, each 0 or 1.
w is (D,), the weights, and b is a number, the bias.
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def z(X, w, b):
    """z = X w + b, the scores: (N,)."""
    return X @ w + b


def p(z):
    """p = sigmoid(z), the probability that each label is 1: (N,)."""
    return sigmoid(z)


def J(p, y):
    """The binary cross entropy, averaged over the examples: a number."""
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
