"""Logistic regression with a 1-D weight vector, a bias that is a number, and binary labels."""

import numpy as np


def p(X, w, b):
    return 1 / (1 + np.exp(-(X @ w + b)))


def J(p, y):
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
