import numpy as np


def dscores(s):
    d = s.p.copy()
    d[np.arange(len(s.y)), s.y] -= 1
    return d / len(s.y)


def dW(s):
    return s.X.T @ dscores(s)


def db(s):
    return dscores(s).sum(axis=0)
