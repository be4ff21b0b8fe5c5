import numpy as np


def dJ_dz(s):
    return np.where(s.y == 1, s.p - 1, s.p) / s.y.size


def dJ_dw(s):
    return np.einsum("nd,n->d", s.X, dJ_dz(s))


def dJ_db(s):
    return np.einsum("n->", dJ_dz(s))
