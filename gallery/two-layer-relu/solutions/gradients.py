"""The gradients of J, solved.  For instructors only: this file must never reach a student.

`derivation.md` beside this file derives each line.  A gradient that builds on another one calls it: that is how the grader knows
which gradient is upstream of which.
"""

import numpy as np


def dJ_dscores(s):
    """dJ/dscores = (p - one-hot labels) / N, shape (N, K)."""
    K = s.p.shape[1]
    return (s.p - np.eye(K)[s.y]) / len(s.y)


def dJ_dW2(s):
    """dJ/dW2 = h^T dJ/dscores + reg W2, shape (H, K)."""
    return s.h.T @ dJ_dscores(s) + s.reg * s.W2


def dJ_db2(s):
    """dJ/db2 = sum of dJ/dscores over the examples, shape (K,)."""
    return np.sum(dJ_dscores(s), axis=0)


def dJ_dh(s):
    """dJ/dh = dJ/dscores W2^T, shape (N, H)."""
    return dJ_dscores(s) @ s.W2.T


def dJ_da(s):
    """dJ/da = dJ/dh where a > 0, and 0 elsewhere, shape (N, H)."""
    return dJ_dh(s) * (s.a > 0)


def dJ_dW1(s):
    """dJ/dW1 = X^T dJ/da + reg W1, shape (D, H)."""
    return s.X.T @ dJ_da(s) + s.reg * s.W1


def dJ_db1(s):
    """dJ/db1 = sum of dJ/da over the examples, shape (H,)."""
    return np.sum(dJ_da(s), axis=0)
