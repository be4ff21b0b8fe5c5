"""Attention with one head.

Q is (T, dk), K is (S, dk), V is (S, dv), dO is (T, dv).
"""

import numpy as np


def softmax(a):
    exp_a = np.exp(a - np.max(a.real, axis=-1, keepdims=True))
    return exp_a / np.sum(exp_a, axis=-1, keepdims=True)


def scores(Q, K):
    return Q @ K.T / np.sqrt(Q.shape[1])


def A(scores):
    return softmax(scores)


def out(A, V):
    return A @ V


def J(out, dO):
    return np.sum(out * dO)
