import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dJ_dpos(s):
    return -(1 - sigmoid(s.pos))


def dJ_dneg(s):
    return np.array([1 - sigmoid(-score) for score in s.neg])


def dJ_dv(s):
    grad = dJ_dpos(s) * s.U[s.outside]
    upstream = dJ_dneg(s)
    for k, word in enumerate(s.negatives):
        grad = grad + upstream[k] * s.U[word]
    return grad


def dJ_dU(s):
    grad = np.zeros(s.U.shape)
    grad[s.outside] += dJ_dpos(s) * s.v
    upstream = dJ_dneg(s)
    for k in range(len(s.negatives)):
        grad[s.negatives[k]] += upstream[k] * s.v
    return grad


def dJ_dC(s):
    grad = np.zeros(s.C.shape)
    for j in range(len(s.v)):
        grad[s.center, j] = dJ_dv(s)[j]
    return grad
