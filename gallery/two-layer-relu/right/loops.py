import numpy as np


def dJ_dscores(s):
    N, K = s.scores.shape
    grad = np.zeros((N, K))
    for n in range(N):
        for k in range(K):
            grad[n, k] = (s.p[n, k] - (s.y[n] == k)) / N
    return grad


def dJ_dW2(s):
    upstream = dJ_dscores(s)
    grad = s.reg * s.W2
    for n in range(len(upstream)):
        grad += np.outer(s.h[n], upstream[n])
    return grad


def dJ_db2(s):
    grad = np.zeros(len(s.b2))
    for row in dJ_dscores(s):
        grad += row
    return grad


def dJ_dh(s):
    return np.array([s.W2 @ row for row in dJ_dscores(s)])


def dJ_da(s):
    grad = np.zeros(s.a.shape)
    upstream = dJ_dh(s)
    for n in range(s.a.shape[0]):
        for j in range(s.a.shape[1]):
            if s.a[n, j] > 0:
                grad[n, j] = upstream[n, j]
    return grad


def dJ_dW1(s):
    upstream = dJ_da(s)
    grad = s.reg * s.W1
    for n in range(len(upstream)):
        grad += np.outer(s.X[n], upstream[n])
    return grad


def dJ_db1(s):
    return sum(dJ_da(s))
