import numpy as np


def dlogits(s):
    d = np.exp(s.shifted) / np.exp(s.shifted).sum(axis=1, keepdims=True)
    d[np.arange(len(s.y)), s.y] -= 1
    return d / len(s.y)


def dW2(s):
    return s.h.T @ dlogits(s) + s.reg * s.W2


def dh(s):
    return dlogits(s) @ s.W2.T


def da(s):
    return dh(s)


def dW1(s):
    return s.X.T @ da(s) + s.reg * s.W1


def db1(s):
    return da(s).sum(axis=0)
