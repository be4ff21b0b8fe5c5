import numpy as np


def dJ_dV(s):
    return s.A.T @ s.dO


def dJ_dA(s):
    return s.dO @ s.V.T


def dJ_dS(s):
    dA = dJ_dA(s)
    return s.A * (dA - (dA * s.A).sum(axis=1, keepdims=True))


def dJ_dQ(s):
    dk = s.K.shape[1]
    return dJ_dS(s) @ s.K / np.sqrt(dk)


def dJ_dK(s):
    dk = s.K.shape[1]
    return dJ_dS(s).T @ s.Q / np.sqrt(dk)


def dJ_dW_Q(s):
    return s.X.T @ dJ_dQ(s)


def dJ_dW_K(s):
    return s.X.T @ dJ_dK(s)


def dJ_dW_V(s):
    return s.X.T @ dJ_dV(s)


def dJ_dX(s):
    return dJ_dQ(s) @ s.W_Q.T + dJ_dK(s) @ s.W_K.T + dJ_dV(s) @ s.W_V.T
