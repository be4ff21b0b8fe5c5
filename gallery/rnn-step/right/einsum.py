import numpy as np


def dJ_db2(s):
    return np.subtract(s.y_hat, s.y)


def dJ_dU(s):
    return np.einsum("ti,tv->iv", s.h, dJ_db2(s))


def dJ_dh(s):
    return np.einsum("tv,iv->ti", dJ_db2(s), s.U)


def dJ_db1(s):
    return np.einsum("ti,ti,ti->ti", dJ_dh(s), s.h, 1 - s.h)


def dJ_dL_x(s):
    return np.einsum("tj,kj->tk", dJ_db1(s), s.I)


def dJ_dI(s):
    return np.einsum("tk,tj->kj", s.e, dJ_db1(s))


def dJ_dH(s):
    return np.einsum("ti,tj->ij", s.h_prev, dJ_db1(s))


def dJ_dh_prev(s):
    return np.einsum("tj,ij->ti", dJ_db1(s), s.H)
