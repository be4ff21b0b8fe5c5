import numpy as np


def dJ_dscores(s):
    one_hot = np.zeros(s.p.shape)
    one_hot[np.arange(len(s.y)), s.y] = 1.0
    return np.divide(np.subtract(s.p, one_hot), s.p.shape[0])


def dJ_dW(s):
    return np.einsum("nd,nk->dk", s.X, dJ_dscores(s))


def dJ_db(s):
    return np.einsum("nk->k", dJ_dscores(s))
