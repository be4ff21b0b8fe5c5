"""With the forward pass computed again, in a list of row vectors."""

import numpy as np


def softmax(a):
    e = np.exp(a - np.max(a, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def forward(s):
    hs = [s.h0]
    for x in s.X:
        hs.append(np.tanh(x[None] @ s.Wxh + hs[-1] @ s.Whh + s.bh))
    return hs, [softmax(h @ s.Why + s.by) for h in hs[1:]]


def backward(s):
    hs, ps = forward(s)
    grads = {name: np.zeros_like(getattr(s, name[1:])) for name in ("dby", "dWhy", "dbh", "dWxh", "dWhh")}
    rows = []
    dh = np.zeros_like(s.h0)
    for t in range(len(s.X), 0, -1):
        error = ps[t - 1] - s.Y[t - 1]
        grads["dby"] += error
        grads["dWhy"] += np.dot(hs[t].T, error)
        dh = dh + np.dot(error, s.Why.T)
        dz = dh - dh * hs[t] ** 2
        grads["dbh"] += dz
        grads["dWxh"] += np.dot(s.X[t - 1][:, None], dz)
        grads["dWhh"] += np.dot(hs[t - 1].T, dz)
        rows.insert(0, np.dot(dz, s.Wxh.T))
        dh = np.dot(dz, s.Whh.T)
    return {**grads, "dX": np.vstack(rows), "dh0": dh}
