"""The gradients of `J`, solved.  For instructors only: this file must never reach a student.

A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.
"""

import numpy as np


def dJ_dX_hat(s):
    """dJ/dX_hat, (N, D): the 2 of the square cancels with the 1/2."""
    return (s.X_hat - s.X) / len(s.X)


def dJ_dc(s):
    """dJ/dc, (D,): c is added to every row, so the rows are summed."""
    return np.sum(dJ_dX_hat(s), axis=0)


def dJ_dh(s):
    """dJ/dh, (N, H): the decoder multiplies by W^T."""
    return dJ_dX_hat(s) @ s.W


def dJ_db(s):
    """dJ/db, (H,): the derivative of the sigmoid is h (1 - h)."""
    return np.sum(dJ_dh(s) * s.h * (1 - s.h), axis=0)


def dJ_dW(s):
    """dJ/dW, (D, H): W is used twice, so two terms are added."""
    encoder = s.X.T @ (dJ_dh(s) * s.h * (1 - s.h))
    decoder = dJ_dX_hat(s).T @ s.h
    return encoder + decoder


def dJ_dX(s):
    """dJ/dX, (N, D): X is the input and the target."""
    as_input = (dJ_dh(s) * s.h * (1 - s.h)) @ s.W.T
    as_target = -dJ_dX_hat(s)
    return as_input + as_target
