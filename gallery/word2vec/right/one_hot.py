import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def one_hot(s, word):
    return np.eye(len(s.U))[word]


def dJ_dpos(s):
    return -sigmoid(-s.pos)


def dJ_dneg(s):
    return 1 - sigmoid(-s.neg)


def dJ_dscores(s):
    """For each word of the vocabulary the derivative by the sum of its scores, (V,)."""
    return dJ_dpos(s) * one_hot(s, s.outside) + dJ_dneg(s) @ one_hot(s, s.negatives)


def dJ_dv(s):
    return s.U.T @ dJ_dscores(s)


def dJ_dU(s):
    return np.outer(dJ_dscores(s), s.v)


def dJ_dC(s):
    return np.outer(one_hot(s, s.center), dJ_dv(s))
