import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def dc(s):
    i, f, o, g = np.split(s.a, 4)
    return s.dh * sigmoid(o) * (1 - s.c**2)


def da(s):
    i, f, o, g = np.split(s.a, 4)
    d = dc(s)
    di = d * np.tanh(g) * sigmoid(i) * (1 - sigmoid(i))
    df = d * s.c_prev * sigmoid(f) * (1 - sigmoid(f))
    do = s.dh * np.tanh(s.c) * sigmoid(o) * (1 - sigmoid(o))
    dg = d * sigmoid(i) * (1 - np.tanh(g) ** 2)
    return np.concatenate([di, df, do, dg])


def dW(s):
    return np.outer(s.x, da(s))


def dh_prev(s):
    return s.U @ da(s)
