import numpy as np


def sigmoid(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))


def error(s):
    return sigmoid(s.X.dot(s.w) + s.b) - s.y


def dJ_dz(s):
    return error(s) / s.X.shape[0]


def dJ_dw(s):
    return s.X.T.dot(error(s)) / s.X.shape[0]


def dJ_db(s):
    return np.mean(error(s))
