import numpy as np


def dJ_dV(s):
    return np.dot(s.A.T, s.dO)


def dJ_dA(s):
    return np.dot(s.dO, s.V.T)


def dJ_dS(s):
    """One row after the other, with the Jacobian of its softmax."""
    dA = dJ_dA(s)
    grad = np.zeros_like(s.S)
    for t in range(len(s.S)):
        a = s.A[t].reshape(-1, 1)
        jacobian = np.diagflat(a) - np.dot(a, a.T)
        grad[t] = np.dot(jacobian, dA[t])
    return grad


def dJ_dscaled(s):
    """The gradient with respect to Q K^T, before the division."""
    return dJ_dS(s) / np.sqrt(s.W_Q.shape[1])


def dJ_dQ(s):
    return np.dot(dJ_dscaled(s), s.K)


def dJ_dK(s):
    return np.dot(dJ_dscaled(s).T, s.Q)


def dJ_dW_Q(s):
    return np.dot(s.X.T, dJ_dQ(s))


def dJ_dW_K(s):
    return np.dot(s.X.T, dJ_dK(s))


def dJ_dW_V(s):
    return np.dot(s.X.T, dJ_dV(s))


def dJ_dX(s):
    grad = np.dot(dJ_dQ(s), s.W_Q.T)
    grad += np.dot(dJ_dK(s), s.W_K.T)
    grad += np.dot(dJ_dV(s), s.W_V.T)
    return grad
