"""With a function for the error at the input of each hidden state."""

import numpy as np


def dz3(s):
    return dJ_dh3(s) * (1 - s.h3**2)


def dz2(s):
    return dJ_dh2(s) * (1 - s.h2**2)


def dz1(s):
    return dJ_dh1(s) * (1 - s.h1**2)


def dJ_dh3(s):
    return np.dot(s.p3 - s.y3, s.Why.T)


def dJ_dWhy(s):
    return np.outer(s.h1, s.p1 - s.y1) + np.outer(s.h2, s.p2 - s.y2) + np.outer(s.h3, s.p3 - s.y3)


def dJ_dby(s):
    return (s.p1 - s.y1) + (s.p2 - s.y2) + (s.p3 - s.y3)


def dJ_dh2(s):
    return np.dot(s.p2 - s.y2, s.Why.T) + np.dot(dz3(s), s.Whh.T)


def dJ_dh1(s):
    return np.dot(s.p1 - s.y1, s.Why.T) + np.dot(dz2(s), s.Whh.T)


def dJ_dWxh(s):
    return s.x1.T @ dz1(s) + s.x2.T @ dz2(s) + s.x3.T @ dz3(s)


def dJ_dWhh(s):
    return s.h0.T @ dz1(s) + s.h1.T @ dz2(s) + s.h2.T @ dz3(s)


def dJ_dbh(s):
    return dz1(s) + dz2(s) + dz3(s)


def dJ_dh0(s):
    return dz1(s) @ s.Whh.T
