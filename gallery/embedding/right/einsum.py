import numpy as np


def dJ_dscores(s):
    grad = s.p.copy()
    grad[range(len(s.y)), s.y] -= 1
    return grad / len(s.y)


def dJ_dW(s):
    return np.einsum("nd,nk->dk", s.e, dJ_dscores(s))


def dJ_db(s):
    return np.einsum("nk->k", dJ_dscores(s))


def dJ_de(s):
    return np.einsum("nk,dk->nd", dJ_dscores(s), s.W)


def dJ_dE(s):
    one_hot = np.eye(s.E.shape[0])[s.words]
    return np.einsum("ntv,nd->vd", one_hot, dJ_de(s)) / one_hot.shape[1]
