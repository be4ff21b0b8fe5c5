import numpy as np


def dJ_db2(s):
    grad = np.zeros_like(s.b2)
    for v in range(s.b2.shape[1]):
        grad[0, v] = s.y_hat[0, v] - s.y[0, v]
    return grad


def dJ_dU(s):
    upstream = dJ_db2(s)
    grad = np.zeros_like(s.U)
    for i in range(grad.shape[0]):
        for v in range(grad.shape[1]):
            grad[i, v] = s.h[0, i] * upstream[0, v]
    return grad


def dJ_dh(s):
    upstream = dJ_db2(s)
    grad = np.zeros_like(s.h)
    for v in range(upstream.shape[1]):
        grad += upstream[0, v] * s.U[:, v]
    return grad


def dJ_db1(s):
    upstream = dJ_dh(s)
    return np.array([[up * h * (1 - h) for up, h in zip(upstream[0], s.h[0])]])


def times_transpose(row, matrix):
    result = np.zeros((1, len(matrix)))
    for i in range(len(matrix)):
        for j in range(row.shape[1]):
            result[0, i] += row[0, j] * matrix[i, j]
    return result


def dJ_dL_x(s):
    return times_transpose(dJ_db1(s), s.I)


def dJ_dI(s):
    upstream = dJ_db1(s)
    return np.array([entry * upstream[0] for entry in s.e[0]])


def dJ_dH(s):
    upstream = dJ_db1(s)
    return np.array([entry * upstream[0] for entry in s.h_prev[0]])


def dJ_dh_prev(s):
    return times_transpose(dJ_db1(s), s.H)
