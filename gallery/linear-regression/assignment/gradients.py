"""The three gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.X      (N, D)      s.y      (N,)
    s.w      (D,)        s.lam    a number
    s.b      a number    s.y_hat  (N,)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import numpy or the standard library if you need them, nothing else.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dy_hat(s):
    """dJ/dy_hat, shape (N,)."""
    raise NotImplementedError("dJ_dy_hat is not written yet")


def dJ_dw(s):
    """dJ/dw, shape (D,)."""
    raise NotImplementedError("dJ_dw is not written yet")


def dJ_db(s):
    """dJ/db, a number."""
    raise NotImplementedError("dJ_db is not written yet")
