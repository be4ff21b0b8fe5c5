"""The eight gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.X      (N, D)    s.y      (N, C)
    s.W1     (D, H)    s.z1     (N, H)
    s.b1     (1, H)    s.a1     (N, H)
    s.W2     (H, C)    s.z2     (N, C)
    s.b2     (1, C)    s.y_hat  (N, C)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import nothing but numpy, the standard library and, from `model`: softmax.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dz2(s):
    """dJ/dz2, shape (N, C)."""
    raise NotImplementedError("dJ_dz2 is not written yet")


def dJ_da1(s):
    """dJ/da1, shape (N, H)."""
    raise NotImplementedError("dJ_da1 is not written yet")


def dJ_dW2(s):
    """dJ/dW2, shape (H, C)."""
    raise NotImplementedError("dJ_dW2 is not written yet")


def dJ_db2(s):
    """dJ/db2, shape (1, C)."""
    raise NotImplementedError("dJ_db2 is not written yet")


def dJ_dz1(s):
    """dJ/dz1, shape (N, H)."""
    raise NotImplementedError("dJ_dz1 is not written yet")


def dJ_dX(s):
    """dJ/dX, shape (N, D)."""
    raise NotImplementedError("dJ_dX is not written yet")


def dJ_dW1(s):
    """dJ/dW1, shape (D, H)."""
    raise NotImplementedError("dJ_dW1 is not written yet")


def dJ_db1(s):
    """dJ/db1, shape (1, H)."""
    raise NotImplementedError("dJ_db1 is not written yet")
