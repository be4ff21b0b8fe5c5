"""Three steps of a recurrent network, written out.

h0 is (1, Dh), H is (Dh, Dh), I is (d, Dh), b1 is (1, Dh), U is (Dh, V), b2 is (1, V). e1, e2 and e3 are (1, d).
y1, y2 and y3 are (1, V), one-hot.
"""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def softmax(a):
    exp_a = np.exp(a - np.max(a.real, axis=-1, keepdims=True))
    return exp_a / np.sum(exp_a, axis=-1, keepdims=True)


def z1(h0, H, e1, I, b1):
    return h0 @ H + e1 @ I + b1


def h1(z1):
    return sigmoid(z1)


def p1(h1, U, b2):
    return softmax(h1 @ U + b2)


def z2(h1, H, e2, I, b1):
    return h1 @ H + e2 @ I + b1


def h2(z2):
    return sigmoid(z2)


def p2(h2, U, b2):
    return softmax(h2 @ U + b2)


def z3(h2, H, e3, I, b1):
    return h2 @ H + e3 @ I + b1


def h3(z3):
    return sigmoid(z3)


def p3(h3, U, b2):
    return softmax(h3 @ U + b2)


def J(y1, p1, y2, p2, y3, p3):
    return -np.sum(y1 * np.log(p1) + y2 * np.log(p2) + y3 * np.log(p3), axis=(-2, -1))
