"""Backpropagation through time, the states collected in an array.

X is (3, d), h0 is (Dh,), Wx is (d, Dh), Wh is (Dh, Dh), b is (Dh,), V is (Dh, K), c is (K,), Y is (3, K), one-hot.
"""

import numpy as np


def hs(X, h0, Wx, Wh, b):
    states = np.zeros((len(X), len(h0)))
    h = h0
    for t in range(len(X)):
        h = np.tanh(X[t] @ Wx + h @ Wh + b)
        states[t] = h
    return states


def P(hs, V, c):
    scores = hs @ V + c
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def J(P, Y):
    return -np.sum(Y * np.log(P))
