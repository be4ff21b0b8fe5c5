import numpy as np


def sigmoid_slope(h):
    return h * (1.0 - h)


def delta_out(s):
    return (s.X_hat - s.X) / len(s.X)


def delta_hidden(s):
    return np.dot(delta_out(s), s.W) * sigmoid_slope(s.h)


def dJ_dX_hat(s):
    return delta_out(s)


def dJ_dc(s):
    return np.sum(delta_out(s), axis=0)


def dJ_dh(s):
    return np.dot(delta_out(s), s.W)


def dJ_db(s):
    return np.sum(delta_hidden(s), axis=0)


def dJ_dW(s):
    grad_encoder = np.dot(s.X.T, delta_hidden(s))
    grad_decoder = np.dot(s.h.T, delta_out(s))
    return grad_encoder + grad_decoder.T


def dJ_dX(s):
    return np.dot(delta_hidden(s), s.W.T) - delta_out(s)
