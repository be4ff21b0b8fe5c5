"""With the forward pass computed again, and the diagonal matrix of the activation's derivatives."""

import numpy as np


def softmax(o):
    e = np.exp(o - np.max(o))
    return e / np.sum(e)


def state(s):
    return np.tanh(s.Wxh @ s.x + s.Whh @ s.h_prev + s.bh)


def dJ_dby(s):
    return softmax(s.Why @ state(s) + s.by) - s.y


def dJ_dWhy(s):
    return dJ_dby(s) @ state(s).T


def dJ_dh(s):
    return (dJ_dby(s).T @ s.Why).T


def dJ_dbh(s):
    D = np.diag(1 - state(s).ravel() ** 2)
    return D @ dJ_dh(s)


def dJ_dWxh(s):
    return dJ_dbh(s) * s.x.T


def dJ_dWhh(s):
    return dJ_dbh(s) * s.h_prev.T


def dJ_dh_prev(s):
    return (dJ_dbh(s).T @ s.Whh).T
