"""Each function computes again what its author thought of: the scores, the hidden layer, or everything."""
# expect: all=passed

import numpy as np


def sigmoid(z): return 1 / (1 + np.exp(-z))


def softmax(a):
    a = np.exp(a - a.max())
    return a / a.sum()


def through_the_hidden_layer(s):
    h = sigmoid(s.z)
    return (s.y_hat - s.y) @ s.U.T * h * (1 - h)


def dJ_db2(s): return softmax(s.h @ s.U + s.b2) - s.y
def dJ_dU(s): return s.h.T @ (softmax(s.h @ s.U + s.b2) - s.y)
def dJ_dh(s): return (s.y_hat - s.y) @ s.U.T
def dJ_db1(s): return through_the_hidden_layer(s)
def dJ_dL_x(s): return through_the_hidden_layer(s) @ s.I.T
def dJ_dI(s): return s.e.T @ through_the_hidden_layer(s)


def dJ_dH(s):
    h = sigmoid(s.h_prev @ s.H + s.e @ s.I + s.b1)
    y_hat = softmax(h @ s.U + s.b2)
    return s.h_prev.T @ ((y_hat - s.y) @ s.U.T * h * (1 - h))


def dJ_dh_prev(s): return through_the_hidden_layer(s) @ s.H.T
