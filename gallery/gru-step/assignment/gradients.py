"""The eleven gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.x       (1, d)    s.W_n     (d, H)
    s.W_z     (d, H)    s.U_n     (H, H)
    s.h_prev  (1, H)    s.b_n     (1, H)
    s.U_z     (H, H)    s.dh      (1, H)
    s.b_z     (1, H)    s.z       (1, H)
    s.W_r     (d, H)    s.r       (1, H)
    s.U_r     (H, H)    s.n       (1, H)
    s.b_r     (1, H)    s.h       (1, H)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import nothing but numpy, the standard library and, from `model`: sigmoid.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dz(s):
    """dJ/dz, shape (1, H)."""
    raise NotImplementedError("dJ_dz is not written yet")


def dJ_dn(s):
    """dJ/dn, shape (1, H)."""
    raise NotImplementedError("dJ_dn is not written yet")


def dJ_db_z(s):
    """dJ/db_z, shape (1, H)."""
    raise NotImplementedError("dJ_db_z is not written yet")


def dJ_db_n(s):
    """dJ/db_n, shape (1, H)."""
    raise NotImplementedError("dJ_db_n is not written yet")


def dJ_dr(s):
    """dJ/dr, shape (1, H)."""
    raise NotImplementedError("dJ_dr is not written yet")


def dJ_db_r(s):
    """dJ/db_r, shape (1, H)."""
    raise NotImplementedError("dJ_db_r is not written yet")


def dJ_dW_r(s):
    """dJ/dW_r, shape (d, H)."""
    raise NotImplementedError("dJ_dW_r is not written yet")


def dJ_dU_z(s):
    """dJ/dU_z, shape (H, H)."""
    raise NotImplementedError("dJ_dU_z is not written yet")


def dJ_dU_n(s):
    """dJ/dU_n, shape (H, H)."""
    raise NotImplementedError("dJ_dU_n is not written yet")


def dJ_dx(s):
    """dJ/dx, shape (1, d)."""
    raise NotImplementedError("dJ_dx is not written yet")


def dJ_dh_prev(s):
    """dJ/dh_prev, shape (1, H)."""
    raise NotImplementedError("dJ_dh_prev is not written yet")
