"""Scaled dot-product attention of one head.

Q is (T, dk), the queries; K is (S, dk), the keys; V is (S, dv), the values; G is (T, dv), the upstream gradient.
"""

import numpy as np


def softmax(a):
    e = np.exp(a - np.max(a, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def S_(Q, K):
    """S_ = Q K^T / sqrt(dk), the scores: (T, S)."""
    return Q @ K.T / np.sqrt(K.shape[1])


def A(S_):
    """A = softmax(S_), the attention weights, one row for each query: (T, S)."""
    return softmax(S_)


def Z(A, V):
    """Z = A V, the outputs: (T, dv)."""
    return A @ V


def J(Z, G):
    """The loss whose gradient with respect to Z is G."""
    return np.sum(Z * G)
