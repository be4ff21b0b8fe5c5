import numpy as np


def dJ_dscores(s):
    one_hot = s.y[:, None] == np.arange(s.p.shape[1])
    return np.subtract(s.p, one_hot) / s.p.shape[0]


def dJ_dW2(s):
    return np.einsum("nh,nk->hk", s.h, dJ_dscores(s)) + s.reg * s.W2


def dJ_db2(s):
    return np.einsum("nk->k", dJ_dscores(s))


def dJ_dh(s):
    return np.einsum("nk,hk->nh", dJ_dscores(s), s.W2)


def dJ_da(s):
    return np.where(s.a > 0, dJ_dh(s), 0)


def dJ_dW1(s):
    return np.einsum("nd,nh->dh", s.X, dJ_da(s)) + s.reg * s.W1


def dJ_db1(s):
    return np.einsum("nh->h", dJ_da(s))
