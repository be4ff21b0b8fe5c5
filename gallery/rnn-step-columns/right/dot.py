"""As in the well-known script of a hundred lines, min-char-rnn."""

import numpy as np


def dJ_dby(s):
    dy = np.copy(s.p)
    dy[np.argmax(s.y)] -= 1
    return dy


def dJ_dWhy(s):
    return np.dot(dJ_dby(s), s.h.T)


def dJ_dh(s):
    return np.dot(s.Why.T, dJ_dby(s))


def dJ_dbh(s):
    dhraw = (1 - s.h * s.h) * dJ_dh(s)
    return dhraw


def dJ_dWxh(s):
    return np.dot(dJ_dbh(s), s.x.T)


def dJ_dWhh(s):
    return np.dot(dJ_dbh(s), s.h_prev.T)


def dJ_dh_prev(s):
    return np.dot(s.Whh.T, dJ_dbh(s))
