"""The three gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.X       (N, D)      s.y       (N,) int
    s.W       (D, K)      s.scores  (N, K)
    s.b       (K,)        s.p       (N, K)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import numpy or the standard library if you need them, nothing else.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dscores(s):
    """dJ/dscores, shape (N, K)."""
    raise NotImplementedError("dJ_dscores is not written yet")


def dJ_dW(s):
    """dJ/dW, shape (D, K)."""
    raise NotImplementedError("dJ_dW is not written yet")


def dJ_db(s):
    """dJ/db, shape (K,)."""
    raise NotImplementedError("dJ_db is not written yet")
