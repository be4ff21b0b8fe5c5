"""The ten gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.x        (1, d)    s.U_g      (H, H)
    s.W_o      (d, H)    s.b_g      (1, H)
    s.h_prev   (1, H)    s.c_prev   (1, H)
    s.U_o      (H, H)    s.dh       (1, H)
    s.b_o      (1, H)    s.dc_next  (1, H)
    s.W_f      (d, H)    s.o        (1, H)
    s.U_f      (H, H)    s.f        (1, H)
    s.b_f      (1, H)    s.i        (1, H)
    s.W_i      (d, H)    s.g        (1, H)
    s.U_i      (H, H)    s.c        (1, H)
    s.b_i      (1, H)    s.h        (1, H)
    s.W_g      (d, H)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import nothing but numpy, the standard library and, from `model`: sigmoid.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dc(s):
    """dJ/dc, shape (1, H)."""
    raise NotImplementedError("dJ_dc is not written yet")


def dJ_db_f(s):
    """dJ/db_f, shape (1, H)."""
    raise NotImplementedError("dJ_db_f is not written yet")


def dJ_db_i(s):
    """dJ/db_i, shape (1, H)."""
    raise NotImplementedError("dJ_db_i is not written yet")


def dJ_db_o(s):
    """dJ/db_o, shape (1, H)."""
    raise NotImplementedError("dJ_db_o is not written yet")


def dJ_db_g(s):
    """dJ/db_g, shape (1, H)."""
    raise NotImplementedError("dJ_db_g is not written yet")


def dJ_dW_f(s):
    """dJ/dW_f, shape (d, H)."""
    raise NotImplementedError("dJ_dW_f is not written yet")


def dJ_dU_g(s):
    """dJ/dU_g, shape (H, H)."""
    raise NotImplementedError("dJ_dU_g is not written yet")


def dJ_dc_prev(s):
    """dJ/dc_prev, shape (1, H)."""
    raise NotImplementedError("dJ_dc_prev is not written yet")


def dJ_dh_prev(s):
    """dJ/dh_prev, shape (1, H)."""
    raise NotImplementedError("dJ_dh_prev is not written yet")


def dJ_dx(s):
    """dJ/dx, shape (1, d)."""
    raise NotImplementedError("dJ_dx is not written yet")
