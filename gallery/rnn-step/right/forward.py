"""With the forward pass computed again."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def softmax(a):
    e = np.exp(a - np.max(a))
    return e / np.sum(e)


def hidden(s):
    return sigmoid(s.h_prev @ s.H + s.L[[s.x]] @ s.I + s.b1)


def dJ_db2(s):
    return softmax(hidden(s) @ s.U + s.b2) - s.y


def dJ_dU(s):
    return hidden(s).T @ dJ_db2(s)


def dJ_dh(s):
    return (s.U @ dJ_db2(s).T).T


def dJ_db1(s):
    h = hidden(s)
    return dJ_dh(s) @ np.diag((h * (1 - h)).ravel())


def dJ_dL_x(s):
    return (s.I @ dJ_db1(s).T).T


def dJ_dI(s):
    return s.L[[s.x]].T @ dJ_db1(s)


def dJ_dH(s):
    return s.h_prev.T @ dJ_db1(s)


def dJ_dh_prev(s):
    return (s.H @ dJ_db1(s).T).T
