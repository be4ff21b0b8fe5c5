import numpy as np


def counts(s):
    """How often each word occurs in each text, (N, V)."""
    V = s.E.shape[0]
    return np.array([np.bincount(row, minlength=V) for row in s.words])


def dJ_dscores(s):
    one_hot = s.y[:, None] == np.arange(s.W.shape[1])
    return (s.p - one_hot) / s.p.shape[0]


def dJ_dW(s):
    mean = counts(s) @ s.E / s.words.shape[1]
    return np.dot(mean.T, dJ_dscores(s))


def dJ_db(s):
    return np.ones(len(s.y)) @ dJ_dscores(s)


def dJ_de(s):
    return np.dot(dJ_dscores(s), s.W.T)


def dJ_dE(s):
    return counts(s).T @ dJ_de(s) / s.words.shape[1]
