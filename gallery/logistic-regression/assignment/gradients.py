"""The three gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.X  (N, D)      s.y  (N,)
    s.w  (D,)        s.z  (N,)
    s.b  a number    s.p  (N,)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import nothing but numpy, the standard library and, from `model`: sigmoid.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dz(s):
    """dJ/dz, shape (N,)."""
    raise NotImplementedError("dJ_dz is not written yet")


def dJ_dw(s):
    """dJ/dw, shape (D,)."""
    raise NotImplementedError("dJ_dw is not written yet")


def dJ_db(s):
    """dJ/db, a number."""
    raise NotImplementedError("dJ_db is not written yet")
