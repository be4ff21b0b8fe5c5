import numpy as np


def dJ_dc(s):
    grad = np.zeros_like(s.c)
    for k in range(s.c.shape[1]):
        grad[0, k] = s.dh[0, k] * s.o[0, k] * (1 - np.tanh(s.c[0, k]) ** 2) + s.dc_next[0, k]
    return grad


def through_sigmoid(upstream, gate):
    grad = np.zeros_like(gate)
    for k in range(gate.shape[1]):
        grad[0, k] = upstream[0, k] * gate[0, k] * (1 - gate[0, k])
    return grad


def dJ_db_f(s):
    return through_sigmoid(np.multiply(dJ_dc(s), s.c_prev), s.f)


def dJ_db_i(s):
    return through_sigmoid(np.multiply(dJ_dc(s), s.g), s.i)


def dJ_db_o(s):
    return through_sigmoid(np.multiply(s.dh, np.tanh(s.c)), s.o)


def dJ_db_g(s):
    return np.multiply(np.multiply(dJ_dc(s), s.i), 1 - np.square(s.g))


def outer(left, right):
    grad = np.zeros((left.size, right.size))
    for j in range(left.size):
        for k in range(right.size):
            grad[j, k] = left[0, j] * right[0, k]
    return grad


def dJ_dW_f(s):
    return outer(s.x, dJ_db_f(s))


def dJ_dU_g(s):
    return outer(s.h_prev, dJ_db_g(s))


def dJ_dc_prev(s):
    return np.multiply(dJ_dc(s), s.f)


def dJ_dh_prev(s):
    pairs = [(dJ_db_f(s), s.U_f), (dJ_db_i(s), s.U_i), (dJ_db_o(s), s.U_o), (dJ_db_g(s), s.U_g)]
    return sum(np.einsum("ik,jk->ij", delta, U) for delta, U in pairs)


def dJ_dx(s):
    pairs = [(dJ_db_f(s), s.W_f), (dJ_db_i(s), s.W_i), (dJ_db_o(s), s.W_o), (dJ_db_g(s), s.W_g)]
    return sum(np.einsum("ik,jk->ij", delta, W) for delta, W in pairs)
