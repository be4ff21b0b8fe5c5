import numpy as np


def backward(s):
    T = len(s.X)
    dby = np.zeros_like(s.by)
    dWhy = np.zeros_like(s.Why)
    dbh = np.zeros_like(s.bh)
    dWxh = np.zeros_like(s.Wxh)
    dWhh = np.zeros_like(s.Whh)
    dX = np.zeros_like(s.X)
    dh_next = np.zeros_like(s.h0)
    for t in reversed(range(T)):
        x = s.X[t : t + 1]
        h = s.hs[t : t + 1]
        h_prev = s.hs[t - 1 : t] if t > 0 else s.h0
        dy = s.P[t : t + 1] - s.Y[t : t + 1]
        dby += dy
        dWhy += h.T @ dy
        dh = dy @ s.Why.T + dh_next
        dz = dh * (1 - h**2)
        dbh += dz
        dWxh += x.T @ dz
        dWhh += h_prev.T @ dz
        dX[t] = dz @ s.Wxh.T
        dh_next = dz @ s.Whh.T
    return {"dby": dby, "dWhy": dWhy, "dbh": dbh, "dWxh": dWxh, "dWhh": dWhh, "dX": dX, "dh0": dh_next}
