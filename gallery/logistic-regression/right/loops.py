import numpy as np


def dJ_dz(s):
    N, D = s.X.shape
    grad = np.zeros(N)
    for n in range(N):
        grad[n] = (s.p[n] - s.y[n]) / N
    return grad


def dJ_dw(s):
    N, D = s.X.shape
    grad = np.zeros(D)
    for n in range(N):
        grad += (s.p[n] - s.y[n]) * s.X[n]
    return grad / N


def dJ_db(s):
    N = len(s.y)
    grad = 0
    for n in range(N):
        grad += s.p[n] - s.y[n]
    return grad / N
