import numpy as np


def dJ_dy_hat(s):
    N = s.X.shape[0]
    grad = np.zeros(N)
    for n in range(N):
        grad[n] = 2 * (s.y_hat[n] - s.y[n]) / N
    return grad


def dJ_dw(s):
    upstream = dJ_dy_hat(s)
    grad = np.zeros_like(s.w)
    for n in range(len(s.X)):
        for d in range(len(s.w)):
            grad[d] += upstream[n] * s.X[n, d]
    for d in range(len(s.w)):
        grad[d] += 2 * s.lam * s.w[d]
    return grad


def dJ_db(s):
    total = 0.0
    for value in dJ_dy_hat(s):
        total += value
    return total
