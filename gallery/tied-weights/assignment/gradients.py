"""The six gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.X      (N, D)    s.c      (D,)
    s.W      (D, H)    s.h      (N, H)
    s.b      (H,)      s.X_hat  (N, D)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import nothing but numpy, the standard library and, from `model`: sigmoid.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dX_hat(s):
    """dJ/dX_hat, shape (N, D)."""
    raise NotImplementedError("dJ_dX_hat is not written yet")


def dJ_dc(s):
    """dJ/dc, shape (D,)."""
    raise NotImplementedError("dJ_dc is not written yet")


def dJ_dh(s):
    """dJ/dh, shape (N, H)."""
    raise NotImplementedError("dJ_dh is not written yet")


def dJ_db(s):
    """dJ/db, shape (H,)."""
    raise NotImplementedError("dJ_db is not written yet")


def dJ_dW(s):
    """dJ/dW, shape (D, H)."""
    raise NotImplementedError("dJ_dW is not written yet")


def dJ_dX(s):
    """dJ/dX, shape (N, D)."""
    raise NotImplementedError("dJ_dX is not written yet")
