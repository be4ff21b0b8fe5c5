"""The five gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.C          (V, d)      s.negatives  (K,) int
    s.center     an int      s.v          (d,)
    s.U          (V, d)      s.pos        a number
    s.outside    an int      s.neg        (K,)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import nothing but numpy, the standard library and, from `model`: sigmoid.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dpos(s):
    """dJ/dpos, a number."""
    raise NotImplementedError("dJ_dpos is not written yet")


def dJ_dneg(s):
    """dJ/dneg, shape (K,)."""
    raise NotImplementedError("dJ_dneg is not written yet")


def dJ_dv(s):
    """dJ/dv, shape (d,)."""
    raise NotImplementedError("dJ_dv is not written yet")


def dJ_dU(s):
    """dJ/dU, shape (V, d)."""
    raise NotImplementedError("dJ_dU is not written yet")


def dJ_dC(s):
    """dJ/dC, shape (V, d)."""
    raise NotImplementedError("dJ_dC is not written yet")
