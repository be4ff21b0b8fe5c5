"""The seven gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.x       (H, W)      s.z       (P, Q)
    s.w       (K, L)      s.a       (P, Q)
    s.b       a number    s.m       (R, S)
    s.U       (N, M)      s.scores  (N,)
    s.c       (N,)        s.p       (N,)
    s.y       an int

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import numpy or the standard library if you need them, nothing else.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dscores(s):
    """dJ/dscores, shape (N,)."""
    raise NotImplementedError("dJ_dscores is not written yet")


def dJ_dm(s):
    """dJ/dm, shape (R, S)."""
    raise NotImplementedError("dJ_dm is not written yet")


def dJ_dU(s):
    """dJ/dU, shape (N, M)."""
    raise NotImplementedError("dJ_dU is not written yet")


def dJ_dz(s):
    """dJ/dz, shape (P, Q)."""
    raise NotImplementedError("dJ_dz is not written yet")


def dJ_dx(s):
    """dJ/dx, shape (H, W)."""
    raise NotImplementedError("dJ_dx is not written yet")


def dJ_dw(s):
    """dJ/dw, shape (K, L)."""
    raise NotImplementedError("dJ_dw is not written yet")


def dJ_db(s):
    """dJ/db, a number."""
    raise NotImplementedError("dJ_db is not written yet")
