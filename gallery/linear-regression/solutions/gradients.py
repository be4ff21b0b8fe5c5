"""The gradients of J, solved.  For instructors only: this file must never reach a student.

`derivation.md` beside this file derives each line.  A gradient that builds on another one calls it: that is how the grader knows
which gradient is upstream of which.
"""

import numpy as np


def dJ_dy_hat(s):
    """dJ/dy_hat = 2 (y_hat - y) / N, shape (N,)."""
    return 2 * (s.y_hat - s.y) / len(s.y)


def dJ_dw(s):
    """dJ/dw = X^T dJ/dy_hat + 2 lam w, shape (D,)."""
    return s.X.T @ dJ_dy_hat(s) + 2 * s.lam * s.w


def dJ_db(s):
    """dJ/db = sum of dJ/dy_hat over the examples, a number."""
    return np.sum(dJ_dy_hat(s))
