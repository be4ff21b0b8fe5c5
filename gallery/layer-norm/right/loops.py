import numpy as np


def dJ_db(s):
    grad = np.zeros(s.b.shape)
    for t in range(len(s.x)):
        grad += s.dout[t]
    return grad


def dJ_dg(s):
    grad = np.zeros(s.g.shape)
    for t in range(len(s.x)):
        grad += s.dout[t] * s.x_hat[t]
    return grad


def dJ_dx_hat(s):
    return np.array([s.g * row for row in s.dout])


def dJ_dsigma(s):
    upstream = dJ_dx_hat(s)
    grad = np.zeros((len(s.x), 1))
    for t in range(len(s.x)):
        grad[t, 0] = -np.dot(upstream[t], s.x[t] - s.mu[t]) / s.sigma[t, 0] ** 2
    return grad


def dJ_dmu(s):
    upstream = dJ_dx_hat(s)
    grad = np.zeros((len(s.x), 1))
    for t in range(len(s.x)):
        for d in range(s.x.shape[1]):
            grad[t, 0] -= upstream[t, d] / s.sigma[t, 0]
    return grad


def dJ_dx(s):
    """One vector after the other, with the whole Jacobian of the normalization."""
    T, D = s.x.shape
    upstream = dJ_dx_hat(s)
    grad = np.zeros((T, D))
    for t in range(T):
        jacobian = np.eye(D) - np.ones((D, D)) / D - np.outer(s.x_hat[t], s.x_hat[t]) / D
        grad[t] = jacobian @ upstream[t] / s.sigma[t, 0]
    return grad
