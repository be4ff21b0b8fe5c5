import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def softmax(a):
    exp_a = np.exp(a - np.max(a.real, axis=-1, keepdims=True))
    return exp_a / np.sum(exp_a, axis=-1, keepdims=True)


def hs(E, h0, H, I, b1):
    h, rows = h0, []
    for t in range(len(E)):
        h = sigmoid(h @ H + E[t : t + 1] @ I + b1)
        rows.append(h)
    return np.concatenate(rows)


def P(hs, U, b2):
    return softmax(hs @ U + b2)


def J(P, Y):
    return -np.sum(Y * np.log(P))
