"""The seven gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.Wxh     (H, V)    s.by      (V, 1)
    s.x       (V, 1)    s.y       (V, 1)
    s.Whh     (H, H)    s.a       (H, 1)
    s.h_prev  (H, 1)    s.h       (H, 1)
    s.bh      (H, 1)    s.p       (V, 1)
    s.Why     (V, H)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import nothing but numpy, the standard library and, from `model`: softmax.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dby(s):
    """dJ/dby, shape (V, 1)."""
    raise NotImplementedError("dJ_dby is not written yet")


def dJ_dWhy(s):
    """dJ/dWhy, shape (V, H)."""
    raise NotImplementedError("dJ_dWhy is not written yet")


def dJ_dh(s):
    """dJ/dh, shape (H, 1)."""
    raise NotImplementedError("dJ_dh is not written yet")


def dJ_dbh(s):
    """dJ/dbh, shape (H, 1)."""
    raise NotImplementedError("dJ_dbh is not written yet")


def dJ_dWxh(s):
    """dJ/dWxh, shape (H, V)."""
    raise NotImplementedError("dJ_dWxh is not written yet")


def dJ_dWhh(s):
    """dJ/dWhh, shape (H, H)."""
    raise NotImplementedError("dJ_dWhh is not written yet")


def dJ_dh_prev(s):
    """dJ/dh_prev, shape (H, 1)."""
    raise NotImplementedError("dJ_dh_prev is not written yet")
