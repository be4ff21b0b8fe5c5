"""The gradients of `J`, solved.  For instructors only: this file must never reach a student.

A function that builds on the gradient of another one takes it as a parameter: that is how the grader knows which gradient is
upstream of which.
"""

import numpy as np


def dropout_backward(dout, cache):
    """dh, (N, M): what was dropped has no influence, and the rest was scaled by 1 / p."""
    mask, p = cache
    return dout * mask / p


def relu_backward(dh, a):
    """da, (N, M): the gradient passes where a was positive."""
    return dh * (a > 0)


def affine_backward(da, cache):
    """dx, (N, D), dw, (D, M), and db, (M,)."""
    x, w, b = cache
    dx = da @ w.T
    dw = x.T @ da
    db = np.sum(da, axis=0)
    return dx, dw, db
