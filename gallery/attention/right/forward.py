import numpy as np


def softmax(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def forward(s):
    Q, K, V = s.X @ s.W_Q, s.X @ s.W_K, s.X @ s.W_V
    scale = 1 / np.sqrt(K.shape[1])
    A = softmax(scale * (Q @ K.T))
    return Q, K, V, A, scale


def dJ_dV(s):
    Q, K, V, A, scale = forward(s)
    return A.T @ s.dO


def dJ_dA(s):
    Q, K, V, A, scale = forward(s)
    return (V @ s.dO.T).T


def dJ_dS(s):
    Q, K, V, A, scale = forward(s)
    grad = A * dJ_dA(s)
    grad -= A * grad.sum(axis=-1, keepdims=True)
    return grad


def dJ_dQ(s):
    Q, K, V, A, scale = forward(s)
    return scale * (dJ_dS(s) @ K)


def dJ_dK(s):
    Q, K, V, A, scale = forward(s)
    return scale * (Q.T @ dJ_dS(s)).T


def dJ_dW_Q(s):
    return s.X.T @ dJ_dQ(s)


def dJ_dW_K(s):
    return s.X.T @ dJ_dK(s)


def dJ_dW_V(s):
    return s.X.T @ dJ_dV(s)


def dJ_dX(s):
    gradients = np.concatenate([dJ_dQ(s), dJ_dK(s), dJ_dV(s)], axis=1)
    weights = np.concatenate([s.W_Q, s.W_K, s.W_V], axis=1)
    return gradients @ weights.T
