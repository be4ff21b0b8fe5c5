"""Each gradient builds on the ones before it."""

import numpy as np


def dJ_dz2(s):
    """dJ/dz2 = (y_hat - y) / N, shape (N, C)."""
    return (s.y_hat - s.y) / len(s.X)


def dJ_da1(s):
    """dJ/da1 = dJ/dz2 W2^T, shape (N, H)."""
    return dJ_dz2(s) @ s.W2.T


def dJ_dW2(s):
    """dJ/dW2 = a1^T dJ/dz2, shape (H, C)."""
    return s.a1.T @ dJ_dz2(s)


def dJ_db2(s):
    """dJ/db2 = np.sum(dJ/dz2, axis=0, keepdims=True), shape (1, C)."""
    return np.sum(dJ_dz2(s), axis=0, keepdims=True)


def dJ_dz1(s):
    """dJ/dz1 = dJ/da1 * (1 - a1**2), shape (N, H)."""
    return dJ_da1(s) * (1 - s.a1**2)


def dJ_dX(s):
    """dJ/dX = dJ/dz1 W1^T, shape (N, D)."""
    return dJ_dz1(s) @ s.W1.T


def dJ_dW1(s):
    """dJ/dW1 = X^T dJ/dz1, shape (D, H)."""
    return s.X.T @ dJ_dz1(s)


def dJ_db1(s):
    """dJ/db1 = np.sum(dJ/dz1, axis=0, keepdims=True), shape (1, H)."""
    return np.sum(dJ_dz1(s), axis=0, keepdims=True)
