import numpy as np


def relu(a):
    return np.maximum(a, 0)


def relu_slope(a):
    return np.where(a > 0, 1.0, 0.0)


def softmax(z):
    z = z - np.max(z, axis=1, keepdims=True)
    return np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)


def forward(s):
    a = s.X @ s.W1 + s.b1
    h = relu(a)
    return a, h, softmax(h @ s.W2 + s.b2)


def one_hot(y, K):
    rows = np.zeros((len(y), K))
    rows[np.arange(len(y)), y] = 1
    return rows


def dJ_dscores(s):
    a, h, p = forward(s)
    return (p - one_hot(s.y, len(s.b2))) / len(s.y)


def dJ_dW2(s):
    a, h, p = forward(s)
    return h.T @ dJ_dscores(s) + s.reg * s.W2


def dJ_db2(s):
    return dJ_dscores(s).sum(axis=0)


def dJ_dh(s):
    return dJ_dscores(s) @ s.W2.T


def dJ_da(s):
    a, h, p = forward(s)
    return dJ_dh(s) * relu_slope(a)


def dJ_dW1(s):
    return s.X.T @ dJ_da(s) + s.reg * s.W1


def dJ_db1(s):
    return dJ_da(s).sum(axis=0)
