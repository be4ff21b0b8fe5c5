"""Logistic regression with vectors.

X is (N, D), w is (D,), b is (1,), y is (N,), probabilities.
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def p(X, w, b):
    return sigmoid(X @ w + b)


def J(p, y):
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
