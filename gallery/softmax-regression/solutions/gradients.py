"""The gradients of `J`, solved.  For instructors only: this file must never reach a student.

Derived from the model by `grader new`; `derivation.md` beside this file shows how.  Please review it before you use it.
A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.
"""

import numpy as np


def dJ_dscores(s):
    """dJ/dscores = (p - np.eye(K)[y]) / N, shape (N, K)."""
    return (s.p - np.eye(s.W.shape[1])[s.y]) / len(s.X)


def dJ_dW(s):
    """dJ/dW = X^T dJ/dscores, shape (D, K)."""
    return s.X.T @ dJ_dscores(s)


def dJ_db(s):
    """dJ/db = np.sum(dJ/dscores, axis=0), shape (K,)."""
    return np.sum(dJ_dscores(s), axis=0)
