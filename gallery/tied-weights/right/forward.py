import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(s):
    z = s.X @ s.W + s.b
    h = sigmoid(z)
    X_hat = h @ s.W.T + s.c
    return z, h, X_hat


def dJ_dX_hat(s):
    z, h, X_hat = forward(s)
    return (X_hat - s.X) / len(X_hat)


def dJ_dc(s):
    return np.ones(len(s.X)) @ dJ_dX_hat(s)


def dJ_dh(s):
    return (s.W.T @ dJ_dX_hat(s).T).T


def dJ_db(s):
    z, h, X_hat = forward(s)
    slope = np.exp(-z) / (1 + np.exp(-z)) ** 2
    return np.sum(dJ_dh(s) * slope, axis=0)


def dJ_dW(s):
    z, h, X_hat = forward(s)
    dz = dJ_dh(s) * sigmoid(z) * (1 - sigmoid(z))
    grad = s.X.T @ dz
    grad += (h.T @ dJ_dX_hat(s)).T
    return grad


def dJ_dX(s):
    z, h, X_hat = forward(s)
    dz = dJ_dh(s) * sigmoid(z) * (1 - sigmoid(z))
    grad = dz @ s.W.T
    grad -= dJ_dX_hat(s)
    return grad
