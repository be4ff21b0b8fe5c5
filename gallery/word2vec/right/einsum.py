import numpy as np


def sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def dJ_dpos(s):
    return np.subtract(sigmoid(s.pos), 1)


def dJ_dneg(s):
    return sigmoid(s.neg)


def dJ_dv(s):
    real = np.multiply(dJ_dpos(s), s.U[s.outside, :])
    drawn = np.einsum("k,kd->d", dJ_dneg(s), s.U[s.negatives, :])
    return real + drawn


def dJ_dU(s):
    grad = np.zeros_like(s.U)
    grad[s.outside, :] = np.multiply(dJ_dpos(s), s.v)
    for row, word in zip(np.einsum("k,d->kd", dJ_dneg(s), s.v), s.negatives):
        grad[word] = grad[word] + row
    return grad


def dJ_dC(s):
    mask = np.arange(len(s.C)) == s.center
    return np.where(mask[:, None], dJ_dv(s), 0.0)
