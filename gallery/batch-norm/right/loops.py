import numpy as np


def dJ_dbeta(s):
    grad = np.zeros_like(s.beta)
    for row in s.dout:
        grad += row
    return grad


def dJ_dgamma(s):
    N, D = s.x.shape
    grad = np.zeros(D)
    for n in range(N):
        for d in range(D):
            grad[d] += s.dout[n, d] * s.x_hat[n, d]
    return grad


def dJ_dx_hat(s):
    grad = np.zeros(s.x.shape)
    for n in range(len(s.x)):
        grad[n] = s.gamma * s.dout[n]
    return grad


def dJ_dvar(s):
    upstream = dJ_dx_hat(s)
    grad = np.zeros_like(s.var)
    for n in range(len(s.x)):
        grad += upstream[n] * (s.x[n] - s.mu) * (-0.5) * (s.var + 1e-5) ** (-3 / 2)
    return grad


def dJ_dmu(s):
    upstream = dJ_dx_hat(s)
    std = np.sqrt(s.var + 1e-5)
    grad = np.zeros_like(s.mu)
    for n in range(len(s.x)):
        grad -= upstream[n] / std
    return grad


def dJ_dx(s):
    N, D = s.x.shape
    upstream = dJ_dx_hat(s)
    dvar = dJ_dvar(s)
    dmu = dJ_dmu(s)
    std = np.sqrt(s.var + 1e-5)
    grad = np.zeros((N, D))
    for n in range(N):
        for d in range(D):
            grad[n, d] = upstream[n, d] / std[d]
            grad[n, d] += 2 * (s.x[n, d] - s.mu[d]) / N * dvar[d]
            grad[n, d] += dmu[d] / N
    return grad
