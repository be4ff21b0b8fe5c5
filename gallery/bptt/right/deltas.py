"""First the error at the input of each state, then the gradients as products over all time steps."""

import numpy as np


def errors(s):
    T = s.X.shape[0]
    dZ = np.zeros_like(s.hs)
    carry = np.zeros(s.hs.shape[1])
    for t in range(T - 1, -1, -1):
        dZ[t] = ((s.P[t] - s.Y[t]) @ s.Why.T + carry) * (1 - s.hs[t] ** 2)
        carry = s.Whh @ dZ[t]
    return dZ


def backward(s):
    dlogits = s.P - s.Y
    dZ = errors(s)
    before = np.concatenate([s.h0, s.hs[:-1]])
    return {
        "dby": dlogits.sum(axis=0, keepdims=True),
        "dWhy": s.hs.T @ dlogits,
        "dbh": dZ.sum(axis=0, keepdims=True),
        "dWxh": s.X.T @ dZ,
        "dWhh": before.T @ dZ,
        "dX": dZ @ s.Wxh.T,
        "dh0": dZ[:1] @ s.Whh.T,
    }
