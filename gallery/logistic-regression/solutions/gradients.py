"""The gradients of J, solved.  For instructors only: this file must never reach a student.

`derivation.md` beside this file derives each line.  A gradient that builds on another one calls it: that is how the grader knows
which gradient is upstream of which.
"""

import numpy as np


def dJ_dz(s):
    """dJ/dz = (p - y) / N, shape (N,): the derivative of the sigmoid cancels."""
    return (s.p - s.y) / len(s.y)


def dJ_dw(s):
    """dJ/dw = X^T dJ/dz, shape (D,)."""
    return s.X.T @ dJ_dz(s)


def dJ_db(s):
    """dJ/db = sum of dJ/dz over the examples, a number."""
    return np.sum(dJ_dz(s))
