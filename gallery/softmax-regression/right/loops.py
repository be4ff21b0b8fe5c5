import numpy as np


def dJ_dscores(s):
    N, K = s.scores.shape
    grad = np.zeros((N, K))
    for n in range(N):
        for k in range(K):
            grad[n, k] = (s.p[n, k] - (1 if k == s.y[n] else 0)) / N
    return grad


def dJ_dW(s):
    upstream = dJ_dscores(s)
    grad = np.zeros_like(s.W)
    for n in range(len(s.X)):
        grad += np.outer(s.X[n], upstream[n])
    return grad


def dJ_db(s):
    grad = np.zeros_like(s.b)
    for row in dJ_dscores(s):
        grad += row
    return grad
