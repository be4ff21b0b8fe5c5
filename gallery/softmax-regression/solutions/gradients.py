"""The gradients of J, solved.  For instructors only: this file must never reach a student.

`derivation.md` beside this file derives each line.  A gradient that builds on another one calls it: that is how the grader knows
which gradient is upstream of which.
"""

import numpy as np


def dJ_dscores(s):
    """dJ/dscores = (p - one-hot labels) / N, shape (N, K)."""
    K = s.p.shape[1]
    return (s.p - np.eye(K)[s.y]) / len(s.y)


def dJ_dW(s):
    """dJ/dW = X^T dJ/dscores, shape (D, K)."""
    return s.X.T @ dJ_dscores(s)


def dJ_db(s):
    """dJ/db = sum of dJ/dscores over the examples, shape (K,)."""
    return np.sum(dJ_dscores(s), axis=0)
