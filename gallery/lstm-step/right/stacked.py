"""With the weights of the four gates side by side, and the forward pass computed again."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def forward(s):
    W = np.hstack([s.W_f, s.W_i, s.W_o, s.W_g])
    U = np.hstack([s.U_f, s.U_i, s.U_o, s.U_g])
    b = np.hstack([s.b_f, s.b_i, s.b_o, s.b_g])
    a_f, a_i, a_o, a_g = np.split(s.x @ W + s.h_prev @ U + b, 4, axis=1)
    f, i, o, g = sigmoid(a_f), sigmoid(a_i), sigmoid(a_o), np.tanh(a_g)
    return f, i, o, g, f * s.c_prev + i * g


def deltas(s):
    """The gradients with respect to the inputs of the gates, side by side."""
    f, i, o, g, c = forward(s)
    dc = dJ_dc(s)
    df = dc * s.c_prev * f * (1 - f)
    di = dc * g * i * (1 - i)
    do = s.dh * np.tanh(c) * o * (1 - o)
    dg = dc * i * (1 - g**2)
    return np.hstack([df, di, do, dg])


def dJ_dc(s):
    o, c = forward(s)[2], forward(s)[4]
    return s.dh * o / np.cosh(c) ** 2 + s.dc_next


def dJ_db_f(s):
    return np.split(deltas(s), 4, axis=1)[0]


def dJ_db_i(s):
    return np.split(deltas(s), 4, axis=1)[1]


def dJ_db_o(s):
    return np.split(deltas(s), 4, axis=1)[2]


def dJ_db_g(s):
    return np.split(deltas(s), 4, axis=1)[3]


def dJ_dW_f(s):
    return np.outer(s.x, dJ_db_f(s))


def dJ_dU_g(s):
    return np.outer(s.h_prev, dJ_db_g(s))


def dJ_dc_prev(s):
    return dJ_dc(s) * forward(s)[0]


def dJ_dh_prev(s):
    return deltas(s) @ np.vstack([s.U_f.T, s.U_i.T, s.U_o.T, s.U_g.T])


def dJ_dx(s):
    return deltas(s) @ np.vstack([s.W_f.T, s.W_i.T, s.W_o.T, s.W_g.T])
