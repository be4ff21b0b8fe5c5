"""The seven gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.X       (N, D)      s.reg     a number
    s.W1      (D, H)      s.a       (N, H)
    s.b1      (H,)        s.h       (N, H)
    s.W2      (H, K)      s.scores  (N, K)
    s.b2      (K,)        s.p       (N, K)
    s.y       (N,) int

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import numpy or the standard library if you need them, nothing else.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dscores(s):
    """dJ/dscores, shape (N, K)."""
    raise NotImplementedError("dJ_dscores is not written yet")


def dJ_dW2(s):
    """dJ/dW2, shape (H, K)."""
    raise NotImplementedError("dJ_dW2 is not written yet")


def dJ_db2(s):
    """dJ/db2, shape (K,)."""
    raise NotImplementedError("dJ_db2 is not written yet")


def dJ_dh(s):
    """dJ/dh, shape (N, H)."""
    raise NotImplementedError("dJ_dh is not written yet")


def dJ_da(s):
    """dJ/da, shape (N, H)."""
    raise NotImplementedError("dJ_da is not written yet")


def dJ_dW1(s):
    """dJ/dW1, shape (D, H)."""
    raise NotImplementedError("dJ_dW1 is not written yet")


def dJ_db1(s):
    """dJ/db1, shape (H,)."""
    raise NotImplementedError("dJ_db1 is not written yet")
