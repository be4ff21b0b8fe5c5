"""The six gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.x      (T, D)    s.mu     (T, 1)
    s.g      (D,)      s.sigma  (T, 1)
    s.b      (D,)      s.x_hat  (T, D)
    s.dout   (T, D)    s.out    (T, D)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import nothing but numpy, the standard library and, from `model`: EPS.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_db(s):
    """dJ/db, shape (D,)."""
    raise NotImplementedError("dJ_db is not written yet")


def dJ_dg(s):
    """dJ/dg, shape (D,)."""
    raise NotImplementedError("dJ_dg is not written yet")


def dJ_dx_hat(s):
    """dJ/dx_hat, shape (T, D)."""
    raise NotImplementedError("dJ_dx_hat is not written yet")


def dJ_dsigma(s):
    """dJ/dsigma, shape (T, 1)."""
    raise NotImplementedError("dJ_dsigma is not written yet")


def dJ_dmu(s):
    """dJ/dmu, shape (T, 1)."""
    raise NotImplementedError("dJ_dmu is not written yet")


def dJ_dx(s):
    """dJ/dx, shape (T, D)."""
    raise NotImplementedError("dJ_dx is not written yet")
