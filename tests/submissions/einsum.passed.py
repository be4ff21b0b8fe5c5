"""Index notation: every product is an einsum, so no transpose is written anywhere."""
# expect: all=passed

import numpy as np


def dJ_db2(s):
    return s.y_hat - s.y


def dJ_dU(s):
    return np.einsum("ti,tj->ij", s.h, dJ_db2(s))


def dJ_dh(s):
    return np.einsum("tj,ij->ti", dJ_db2(s), s.U)


def dJ_db1(s):
    return np.einsum("ti,ti,ti->ti", dJ_dh(s), s.h, 1 - s.h)


def dJ_dL_x(s):
    return np.einsum("tj,ij->ti", dJ_db1(s), s.I)


def dJ_dI(s):
    return np.einsum("ti,tj->ij", s.e, dJ_db1(s))


def dJ_dH(s):
    return np.einsum("ti,tj->ij", s.h_prev, dJ_db1(s))


def dJ_dh_prev(s):
    return np.einsum("tj,ij->ti", dJ_db1(s), s.H)
