import numpy as np


def dJ_dby(s):
    return np.subtract(s.p, s.y)


def dJ_dWhy(s):
    return np.einsum("vi,hi->vh", dJ_dby(s), s.h)


def dJ_dh(s):
    return np.einsum("vh,vi->hi", s.Why, dJ_dby(s))


def dJ_dbh(s):
    return dJ_dh(s) - dJ_dh(s) * np.square(s.h)


def dJ_dWxh(s):
    return np.einsum("hi,vi->hv", dJ_dbh(s), s.x)


def dJ_dWhh(s):
    return np.outer(dJ_dbh(s), s.h_prev)


def dJ_dh_prev(s):
    return np.einsum("ij,ik->jk", s.Whh, dJ_dbh(s))
