import numpy as np


def dJ_dX_hat(s):
    N, D = s.X.shape
    grad = np.zeros((N, D))
    for n in range(N):
        grad[n] = (s.X_hat[n] - s.X[n]) / N
    return grad


def dJ_dc(s):
    grad = np.zeros_like(s.c)
    for row in dJ_dX_hat(s):
        grad += row
    return grad


def dJ_dh(s):
    return np.array([s.W.T @ row for row in dJ_dX_hat(s)])


def dJ_db(s):
    dh = dJ_dh(s)
    grad = np.zeros_like(s.b)
    for n in range(len(s.X)):
        grad += dh[n] * s.h[n] * (1 - s.h[n])
    return grad


def dJ_dW(s):
    """One example after the other: an outer product for each use of W."""
    dX_hat, dh = dJ_dX_hat(s), dJ_dh(s)
    grad = np.zeros_like(s.W)
    for n in range(len(s.X)):
        dz = dh[n] * s.h[n] * (1 - s.h[n])
        grad += np.outer(s.X[n], dz)
        grad += np.outer(dX_hat[n], s.h[n])
    return grad


def dJ_dX(s):
    dX_hat, dh = dJ_dX_hat(s), dJ_dh(s)
    grad = np.zeros_like(s.X)
    for n in range(len(s.X)):
        dz = dh[n] * s.h[n] * (1 - s.h[n])
        grad[n] = s.W @ dz - dX_hat[n]
    return grad
