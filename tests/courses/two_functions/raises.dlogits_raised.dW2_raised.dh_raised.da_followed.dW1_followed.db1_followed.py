import numpy as np


def output_backward(s):
    d = np.exp(s.shiftd) / np.exp(s.shifted).sum(axis=1, keepdims=True)
    d[np.arange(len(s.y)), s.y] -= 1
    d = d / len(s.y)
    dW2 = s.h.T @ d + s.reg * s.W2
    dh = d @ s.W2.T
    return d, dW2, dh


def hidden_backward(s):
    _, _, dh = output_backward(s)
    da = dh * (s.a > 0)
    return da, s.X.T @ da + s.reg * s.W1, da.sum(axis=0)
