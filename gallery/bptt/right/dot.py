"""As in the well-known script of a hundred lines, min-char-rnn, with the states in a dict."""

import numpy as np


def backward(s):
    xs, hs, ps, ys = {}, {}, {}, {}
    hs[-1] = np.copy(s.h0).ravel()
    for t in range(len(s.X)):
        xs[t], hs[t], ps[t], ys[t] = s.X[t], s.hs[t], s.P[t], s.Y[t]
    dWxh, dWhh, dWhy = np.zeros_like(s.Wxh), np.zeros_like(s.Whh), np.zeros_like(s.Why)
    dbh, dby = np.zeros_like(s.bh), np.zeros_like(s.by)
    dX = np.zeros_like(s.X)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(s.X))):
        dy = np.copy(ps[t])
        dy[np.argmax(ys[t])] -= 1
        dWhy += np.outer(hs[t], dy)
        dby += dy
        dh = np.dot(s.Why, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.outer(xs[t], dhraw)
        dWhh += np.outer(hs[t - 1], dhraw)
        dX[t] = np.dot(s.Wxh, dhraw)
        dhnext = np.dot(s.Whh, dhraw)
    return {
        "dby": dby,
        "dWhy": dWhy,
        "dbh": dbh,
        "dWxh": dWxh,
        "dWhh": dWhh,
        "dX": dX,
        "dh0": dhnext.reshape(1, -1),
    }
