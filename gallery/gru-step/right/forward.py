"""With the forward pass computed again, and the derivatives of the activations as functions."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def d_sigmoid(a):
    return sigmoid(a) * (1 - sigmoid(a))


def d_tanh(a):
    return 1 - np.tanh(a) ** 2


def inputs(s):
    a_z = s.x @ s.W_z + s.h_prev @ s.U_z + s.b_z
    a_r = s.x @ s.W_r + s.h_prev @ s.U_r + s.b_r
    a_n = s.x @ s.W_n + (sigmoid(a_r) * s.h_prev) @ s.U_n + s.b_n
    return a_z, a_r, a_n


def dJ_dz(s):
    return s.dh * (s.h_prev - np.tanh(inputs(s)[2]))


def dJ_dn(s):
    return s.dh * (1 - sigmoid(inputs(s)[0]))


def dJ_db_z(s):
    return dJ_dz(s) * d_sigmoid(inputs(s)[0])


def dJ_db_n(s):
    return dJ_dn(s) * d_tanh(inputs(s)[2])


def dJ_dr(s):
    return s.h_prev * (s.U_n @ dJ_db_n(s).T).T


def dJ_db_r(s):
    return dJ_dr(s) * d_sigmoid(inputs(s)[1])


def dJ_dW_r(s):
    return np.outer(s.x, dJ_db_r(s))


def dJ_dU_z(s):
    return np.outer(s.h_prev, dJ_db_z(s))


def dJ_dU_n(s):
    reset = sigmoid(inputs(s)[1]) * s.h_prev
    return np.outer(reset, dJ_db_n(s))


def dJ_dx(s):
    weights = np.hstack([s.W_z, s.W_r, s.W_n])
    return np.hstack([dJ_db_z(s), dJ_db_r(s), dJ_db_n(s)]) @ weights.T


def dJ_dh_prev(s):
    gates = np.hstack([dJ_db_z(s), dJ_db_r(s)]) @ np.hstack([s.U_z, s.U_r]).T
    candidate = sigmoid(inputs(s)[1]) * (dJ_db_n(s) @ s.U_n.T)
    return gates + candidate + sigmoid(inputs(s)[0]) * s.dh
