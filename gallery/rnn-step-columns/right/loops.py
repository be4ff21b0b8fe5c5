import numpy as np


def dJ_dby(s):
    grad = np.zeros_like(s.by)
    for v in range(len(grad)):
        grad[v, 0] = s.p[v, 0] - s.y[v, 0]
    return grad


def dJ_dWhy(s):
    upstream = dJ_dby(s)
    grad = np.zeros_like(s.Why)
    for v in range(grad.shape[0]):
        for k in range(grad.shape[1]):
            grad[v, k] = upstream[v, 0] * s.h[k, 0]
    return grad


def dJ_dh(s):
    upstream = dJ_dby(s)
    grad = np.zeros_like(s.h)
    for v in range(len(upstream)):
        grad += upstream[v, 0] * s.Why[v : v + 1].T
    return grad


def dJ_dbh(s):
    return np.array([[(1 - h**2) * up] for h, up in zip(s.h[:, 0], dJ_dh(s)[:, 0])])


def dJ_dWxh(s):
    grad = np.zeros_like(s.Wxh)
    grad[:, s.x.argmax()] = dJ_dbh(s)[:, 0]
    return grad


def dJ_dWhh(s):
    upstream = dJ_dbh(s)
    grad = np.zeros_like(s.Whh)
    for j in range(len(grad)):
        grad[j] = upstream[j, 0] * s.h_prev[:, 0]
    return grad


def dJ_dh_prev(s):
    upstream = dJ_dbh(s)
    grad = np.zeros_like(s.h_prev)
    for j in range(len(grad)):
        for k in range(len(grad)):
            grad[k, 0] += s.Whh[j, k] * upstream[j, 0]
    return grad
