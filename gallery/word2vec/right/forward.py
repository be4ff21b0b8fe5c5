import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def words(s):
    """The outside word, then the negatives, with 1 for the real pair and 0 for the others."""
    indices = np.concatenate([[s.outside], s.negatives])
    labels = np.zeros(len(indices))
    labels[0] = 1
    return indices, labels


def errors(s):
    indices, labels = words(s)
    return sigmoid(s.U[indices] @ s.C[s.center]) - labels


def dJ_dpos(s):
    return errors(s)[0]


def dJ_dneg(s):
    return errors(s)[1:]


def dJ_dv(s):
    indices, labels = words(s)
    return s.U[indices].T @ errors(s)


def dJ_dU(s):
    indices, labels = words(s)
    grad = np.zeros_like(s.U)
    np.add.at(grad, indices, errors(s)[:, None] * s.C[s.center])
    return grad


def dJ_dC(s):
    grad = np.zeros_like(s.C)
    grad[s.center] += dJ_dv(s)
    return grad
