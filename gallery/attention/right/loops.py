import numpy as np


def dJ_dV(s):
    grad = np.zeros_like(s.V)
    for i in range(len(s.A)):
        for j in range(len(s.A)):
            grad[j] += s.A[i, j] * s.dO[i]
    return grad


def dJ_dA(s):
    T = len(s.A)
    grad = np.zeros((T, T))
    for i in range(T):
        for j in range(T):
            grad[i, j] = np.dot(s.dO[i], s.V[j])
    return grad


def dJ_dS(s):
    T = len(s.A)
    dA = dJ_dA(s)
    grad = np.zeros((T, T))
    for i in range(T):
        average = 0.0
        for k in range(T):
            average += s.A[i, k] * dA[i, k]
        for j in range(T):
            grad[i, j] = s.A[i, j] * (dA[i, j] - average)
    return grad


def dJ_dQ(s):
    dS, scale = dJ_dS(s), 1 / np.sqrt(s.Q.shape[1])
    grad = np.zeros_like(s.Q)
    for i in range(len(s.Q)):
        for j in range(len(s.K)):
            grad[i] += scale * dS[i, j] * s.K[j]
    return grad


def dJ_dK(s):
    dS, scale = dJ_dS(s), 1 / np.sqrt(s.Q.shape[1])
    grad = np.zeros_like(s.K)
    for i in range(len(s.Q)):
        for j in range(len(s.K)):
            grad[j] += scale * dS[i, j] * s.Q[i]
    return grad


def outer_sum(rows, gradients):
    return sum(np.outer(row, gradient) for row, gradient in zip(rows, gradients))


def dJ_dW_Q(s):
    return outer_sum(s.X, dJ_dQ(s))


def dJ_dW_K(s):
    return outer_sum(s.X, dJ_dK(s))


def dJ_dW_V(s):
    return outer_sum(s.X, dJ_dV(s))


def dJ_dX(s):
    dQ, dK, dV = dJ_dQ(s), dJ_dK(s), dJ_dV(s)
    grad = np.zeros_like(s.X)
    for t in range(len(s.X)):
        grad[t] = s.W_Q @ dQ[t] + s.W_K @ dK[t] + s.W_V @ dV[t]
    return grad
