import numpy as np


def dJ_dscores(s):
    N = s.words.shape[0]
    dscores = s.p.copy()
    dscores[np.arange(N), s.y] -= 1
    dscores /= N
    return dscores


def dJ_dW(s):
    return (dJ_dscores(s).T @ s.e).T


def dJ_db(s):
    return np.sum(dJ_dscores(s), axis=0)


def dJ_de(s):
    return (s.W @ dJ_dscores(s).T).T


def dJ_dE(s):
    N, T = s.words.shape
    of_each_word = np.repeat(dJ_de(s), T, axis=0) / T
    dE = np.zeros_like(s.E)
    np.add.at(dE, s.words.ravel(), of_each_word)
    return dE
