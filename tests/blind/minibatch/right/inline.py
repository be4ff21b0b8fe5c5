"""Every gradient from the beginning, and none calls another."""

import numpy as np


def dJ_dz2(s):
    N = s.X.shape[0]
    return (s.y_hat - s.y) / N


def dJ_da1(s):
    N = s.X.shape[0]
    return ((s.y_hat - s.y) / N).dot(s.W2.T)


def dJ_dW2(s):
    N = s.X.shape[0]
    return s.a1.T.dot((s.y_hat - s.y) / N)


def dJ_db2(s):
    return np.mean(s.y_hat - s.y, axis=0).reshape(1, -1)


def dJ_dz1(s):
    N = s.X.shape[0]
    return ((s.y_hat - s.y) / N).dot(s.W2.T) * (1 - s.a1**2)


def dJ_dX(s):
    N = s.X.shape[0]
    dz1 = ((s.y_hat - s.y) / N).dot(s.W2.T) * (1 - s.a1**2)
    return dz1.dot(s.W1.T)


def dJ_dW1(s):
    N = s.X.shape[0]
    dz1 = ((s.y_hat - s.y) / N).dot(s.W2.T) * (1 - s.a1**2)
    return s.X.T.dot(dz1)


def dJ_db1(s):
    N = s.X.shape[0]
    dz1 = ((s.y_hat - s.y) / N).dot(s.W2.T) * (1 - s.a1**2)
    return np.sum(dz1, axis=0, keepdims=True)
