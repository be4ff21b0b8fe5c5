"""The recurrent network with columns in place of rows.

L is (d, V), x is an index below V, y is (1, V), one-hot, h_prev is (Dh, 1), H is (Dh, Dh), I is (Dh, d), b1 is (Dh, 1),
U is (V, Dh), b2 is (V, 1).
"""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def softmax(a):
    exp_a = np.exp(a - np.max(a))
    return exp_a / np.sum(exp_a)


def e(L, x):
    return L[:, [x]]


def z(h_prev, H, e, I, b1):
    return H @ h_prev + I @ e + b1


def h(z):
    return sigmoid(z)


def y_hat(h, U, b2):
    return softmax(U @ h + b2)


def J(y, y_hat):
    return -np.sum(y.T * np.log(y_hat))
