import numpy as np


def softmax(z):
    z = z - np.max(z, axis=1, keepdims=True)
    return np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)


def delta(s):
    probs = softmax(s.X @ s.W + s.b)
    targets = (np.arange(s.W.shape[1]) == s.y[:, None]).astype(float)
    return (probs - targets) / s.X.shape[0]


def dJ_dscores(s):
    return delta(s)


def dJ_dW(s):
    return (delta(s).T @ s.X).T


def dJ_db(s):
    ones = np.ones((1, len(s.X)))
    return (ones @ delta(s)).reshape(-1)
