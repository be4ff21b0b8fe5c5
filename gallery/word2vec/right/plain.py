import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dJ_dpos(s):
    return sigmoid(s.pos) - 1


def dJ_dneg(s):
    return sigmoid(s.neg)


def dJ_dv(s):
    return dJ_dpos(s) * s.U[s.outside] + dJ_dneg(s) @ s.U[s.negatives]


def dJ_dU(s):
    grad = np.zeros_like(s.U)
    grad[s.outside] += dJ_dpos(s) * s.v
    np.add.at(grad, s.negatives, np.outer(dJ_dneg(s), s.v))
    return grad


def dJ_dC(s):
    grad = np.zeros_like(s.C)
    grad[s.center] = dJ_dv(s)
    return grad
