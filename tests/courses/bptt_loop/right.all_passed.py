import numpy as np


def backward(s):
    d = s.P - s.Y
    g = {"b2": d.sum(axis=0, keepdims=True), "U": s.hs.T @ d}
    g["H"], g["I"], g["b1"] = np.zeros_like(s.H), np.zeros_like(s.I), np.zeros_like(s.b1)
    dh = np.zeros_like(s.h0)
    for t in reversed(range(len(s.E))):
        h = s.hs[t : t + 1]
        before = s.hs[t - 1 : t] if t else s.h0
        dz = (d[t : t + 1] @ s.U.T + dh) * h * (1 - h)
        g["H"] += before.T @ dz
        g["I"] += s.E[t : t + 1].T @ dz
        g["b1"] += dz
        dh = dz @ s.H.T
    g["h0"] = dh
    return g
