"""Logistic regression with vectors, as in a first course on machine learning."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def z(X, w, b):
    """z = X w + b.  X: (m, n), the examples; w: (n,), the weights; b: (1,), the intercept."""
    return X @ w + b


def h(z):
    """h = sigmoid(z), the predicted probabilities, (m,)."""
    return sigmoid(z)


def J(h, y):
    """The mean log loss of the labels; y is (m,), each 0 or 1."""
    return -np.mean(y * np.log(h) + (1 - y) * np.log(1 - h))
