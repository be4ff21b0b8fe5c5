import numpy as np


def dJ_dscores(s):
    N = s.X.shape[0]
    dscores = s.p.copy()
    dscores[np.arange(N), s.y] -= 1
    dscores /= N
    return dscores


def dJ_dW(s):
    return np.dot(s.X.T, dJ_dscores(s))


def dJ_db(s):
    return np.sum(dJ_dscores(s), axis=0)
