"""The six gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.x      (N, D)    s.mu     (D,)
    s.gamma  (D,)      s.var    (D,)
    s.beta   (D,)      s.x_hat  (N, D)
    s.dout   (N, D)    s.out    (N, D)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import nothing but numpy, the standard library and, from `model`: EPS.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dbeta(s):
    """dJ/dbeta, shape (D,)."""
    raise NotImplementedError("dJ_dbeta is not written yet")


def dJ_dgamma(s):
    """dJ/dgamma, shape (D,)."""
    raise NotImplementedError("dJ_dgamma is not written yet")


def dJ_dx_hat(s):
    """dJ/dx_hat, shape (N, D)."""
    raise NotImplementedError("dJ_dx_hat is not written yet")


def dJ_dvar(s):
    """dJ/dvar, shape (D,)."""
    raise NotImplementedError("dJ_dvar is not written yet")


def dJ_dmu(s):
    """dJ/dmu, shape (D,)."""
    raise NotImplementedError("dJ_dmu is not written yet")


def dJ_dx(s):
    """dJ/dx, shape (N, D)."""
    raise NotImplementedError("dJ_dx is not written yet")
