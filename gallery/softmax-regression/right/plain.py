import numpy as np


def dJ_dscores(s):
    K = s.W.shape[1]
    return (s.p - np.eye(K)[s.y]) / len(s.y)


def dJ_dW(s):
    return s.X.T @ dJ_dscores(s)


def dJ_db(s):
    return dJ_dscores(s).sum(axis=0)
