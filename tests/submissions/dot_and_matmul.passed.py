"""Functions in place of operators: np.dot, np.matmul, np.multiply, np.transpose, np.tensordot, np.kron."""
# expect: all=passed

import numpy as np


def dJ_db2(s):
    return np.subtract(s.y_hat, s.y)


def dJ_dU(s):
    return np.matmul(np.transpose(s.h), dJ_db2(s))


def dJ_dh(s):
    return np.dot(dJ_db2(s), np.transpose(s.U))


def dJ_db1(s):
    return np.multiply(dJ_dh(s), np.multiply(s.h, np.subtract(1, s.h)))


def dJ_dL_x(s):
    return np.tensordot(dJ_db1(s), s.I, axes=(1, 1))


def dJ_dI(s):
    return np.kron(s.e.T, dJ_db1(s))


def dJ_dH(s):
    return np.multiply.outer(s.h_prev[0], dJ_db1(s)[0])


def dJ_dh_prev(s):
    return np.inner(dJ_db1(s), s.H)
