import numpy as np


def dJ_dy_hat(s):
    N = len(s.X)
    grad = s.y_hat.copy()
    grad -= s.y
    grad *= 2 / N
    return grad


def dJ_dw(s):
    column = dJ_dy_hat(s).reshape(-1, 1)
    grad = (s.X * column).sum(axis=0)
    grad += s.lam * (s.w + s.w)
    return grad


def dJ_db(s):
    ones = np.ones(len(s.y))
    return ones @ dJ_dy_hat(s)
