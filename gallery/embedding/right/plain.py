import numpy as np


def dJ_dscores(s):
    K = len(s.b)
    return (s.p - np.eye(K)[s.y]) / len(s.y)


def dJ_dW(s):
    return s.e.T @ dJ_dscores(s)


def dJ_db(s):
    return dJ_dscores(s).sum(axis=0)


def dJ_de(s):
    return dJ_dscores(s) @ s.W.T


def dJ_dE(s):
    N, T = s.words.shape
    grad = np.zeros_like(s.E)
    np.add.at(grad, s.words, dJ_de(s)[:, None, :] / T)
    return grad
