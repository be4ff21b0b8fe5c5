import numpy as np


def dJ_dscores(s):
    N = s.X.shape[0]
    dscores = s.p.copy()
    dscores[np.arange(N), s.y] -= 1
    dscores /= N
    return dscores


def dJ_dW2(s):
    dW2 = np.dot(s.h.T, dJ_dscores(s))
    dW2 += s.reg * s.W2
    return dW2


def dJ_db2(s):
    return np.sum(dJ_dscores(s), axis=0)


def dJ_dh(s):
    return np.dot(dJ_dscores(s), s.W2.T)


def dJ_da(s):
    da = dJ_dh(s)
    da[s.h <= 0] = 0
    return da


def dJ_dW1(s):
    dW1 = np.dot(s.X.T, dJ_da(s))
    dW1 += s.reg * s.W1
    return dW1


def dJ_db1(s):
    return np.sum(dJ_da(s), axis=0)
