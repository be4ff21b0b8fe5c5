"""Softmax regression with a vector of labels, as cs231n writes it, with L2.

X is (N, D), W is (D, C), y is (N,), labels below C, and reg is a positive number.
"""

import numpy as np


def scores(X, W):
    return X.dot(W)


def p(scores):
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    probs = np.exp(shifted)
    probs /= np.sum(probs, axis=1, keepdims=True)
    return probs


def loss(p, y, W, reg):
    N = len(y)
    data = -np.log(p[np.arange(N), y]).sum() / N
    return data + reg * np.sum(W * W)
