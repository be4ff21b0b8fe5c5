"""Self-attention with a single head over a sequence of T vectors."""

import numpy as np


def softmax(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def Q(X, W_Q):
    """Q = X W_Q, the queries, (T, dk); X is (T, D), the sequence, and W_Q is (D, dk)."""
    return X @ W_Q


def K(X, W_K):
    """K = X W_K, the keys, (T, dk); W_K is (D, dk)."""
    return X @ W_K


def V(X, W_V):
    """V = X W_V, the values, (T, dv); W_V is (D, dv)."""
    return X @ W_V


def S(Q, K):
    """S = Q K^T / sqrt(dk), the scores, (T, T): row i has the scores of query i."""
    return Q @ K.T / np.sqrt(Q.shape[-1])


def A(S):
    """The attention weights, A = softmax(S) row by row, (T, T)."""
    return softmax(S)


def O(A, V):
    """O = A V, the outputs, (T, dv)."""
    return A @ V


def J(O, dO):
    """A loss whose gradient with respect to O is dO; dO is (T, dv), the upstream gradient."""
    return np.sum(O * dO)
