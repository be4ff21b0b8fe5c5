import numpy as np


def a(X, W1, b1):
    return X @ W1 + b1


def h(a):
    return np.maximum(0, a)


def scores(h, W2, b2):
    return h @ W2 + b2


def p(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def J(p, y):
    return -np.sum(y * np.log(p)) / len(y)
