"""The gradients of `J`, solved.  For instructors only: this file must never reach a student.

A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.
"""

import numpy as np


def dJ_dV(s):
    """dJ/dV, (T, dv): value j goes into output i with the weight A[i, j]."""
    return s.A.T @ s.dO


def dJ_dA(s):
    """dJ/dA, (T, T): entry (i, j) is the inner product of dO[i] and V[j]."""
    return s.dO @ s.V.T


def dJ_dS(s):
    """dJ/dS, (T, T): each row of A depends on all scores of its row."""
    dA = dJ_dA(s)
    return s.A * (dA - np.sum(dA * s.A, axis=-1, keepdims=True))


def dJ_dQ(s):
    """dJ/dQ, (T, dk)."""
    return dJ_dS(s) @ s.K / np.sqrt(s.Q.shape[-1])


def dJ_dK(s):
    """dJ/dK, (T, dk): S has the keys in its columns, so dJ/dS is transposed."""
    return dJ_dS(s).T @ s.Q / np.sqrt(s.Q.shape[-1])


def dJ_dW_Q(s):
    """dJ/dW_Q, (D, dk)."""
    return s.X.T @ dJ_dQ(s)


def dJ_dW_K(s):
    """dJ/dW_K, (D, dk)."""
    return s.X.T @ dJ_dK(s)


def dJ_dW_V(s):
    """dJ/dW_V, (D, dv)."""
    return s.X.T @ dJ_dV(s)


def dJ_dX(s):
    """dJ/dX, (T, D): X is used for the queries, the keys and the values."""
    return dJ_dQ(s) @ s.W_Q.T + dJ_dK(s) @ s.W_K.T + dJ_dV(s) @ s.W_V.T
