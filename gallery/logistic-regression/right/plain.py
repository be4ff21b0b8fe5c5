import numpy as np


def dJ_dz(s):
    return (s.p - s.y) / len(s.y)


def dJ_dw(s):
    return s.X.T @ dJ_dz(s)


def dJ_db(s):
    return np.sum(dJ_dz(s))
