import numpy as np


def dJ_dscores(s):
    N, K = s.scores.shape
    return (s.p - np.eye(K)[s.y]) / N


def dJ_dW2(s):
    return s.h.T @ dJ_dscores(s) + s.reg * s.W2


def dJ_db2(s):
    return dJ_dscores(s).sum(axis=0)


def dJ_dh(s):
    return dJ_dscores(s) @ s.W2.T


def dJ_da(s):
    return dJ_dh(s) * (s.a > 0)


def dJ_dW1(s):
    return s.X.T @ dJ_da(s) + s.reg * s.W1


def dJ_db1(s):
    return dJ_da(s).sum(axis=0)
