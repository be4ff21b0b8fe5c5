import numpy as np


def dJ_dscores(s):
    N = len(s.y)
    grad = s.p / N
    for n in range(N):
        grad[n, s.y[n]] -= 1 / N
    return grad


def dJ_dW(s):
    upstream = dJ_dscores(s)
    grad = np.zeros_like(s.W)
    for n in range(len(s.e)):
        grad += np.outer(s.e[n], upstream[n])
    return grad


def dJ_db(s):
    grad = np.zeros_like(s.b)
    for row in dJ_dscores(s):
        grad += row
    return grad


def dJ_de(s):
    upstream = dJ_dscores(s)
    return np.array([s.W @ row for row in upstream])


def dJ_dE(s):
    upstream = dJ_de(s)
    N, T = s.words.shape
    grad = np.zeros(s.E.shape)
    for n in range(N):
        for t in range(T):
            grad[s.words[n, t]] += upstream[n] / T
    return grad
