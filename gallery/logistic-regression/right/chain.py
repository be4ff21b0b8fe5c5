import numpy as np


def dJ_dp(s):
    N = len(s.y)
    return (-s.y / s.p + (1 - s.y) / (1 - s.p)) / N


def dJ_dz(s):
    return dJ_dp(s) * s.p * (1 - s.p)


def dJ_dw(s):
    return np.dot(s.X.T, dJ_dz(s))


def dJ_db(s):
    return dJ_dz(s).sum()
