"""One backward pass over the three time steps, from which each gradient takes its part."""

import numpy as np


def backward(s):
    xs, hs, ps, ys = [s.x1, s.x2, s.x3], [s.h0, s.h1, s.h2, s.h3], [s.p1, s.p2, s.p3], [s.y1, s.y2, s.y3]
    g = {name: np.zeros_like(getattr(s, name)) for name in ("Wxh", "Whh", "bh", "Why", "by")}
    dh_next = np.zeros_like(s.h0)
    for t in reversed(range(3)):
        dy = ps[t] - ys[t]
        g["Why"] += hs[t + 1].T @ dy
        g["by"] += dy
        dh = dy @ s.Why.T + dh_next
        g[f"h{t + 1}"] = dh
        dz = dh * (1 - hs[t + 1] ** 2)
        g["bh"] += dz
        g["Wxh"] += xs[t].T @ dz
        g["Whh"] += hs[t].T @ dz
        dh_next = dz @ s.Whh.T
    g["h0"] = dh_next
    return g


def dJ_dh3(s):
    return backward(s)["h3"]


def dJ_dWhy(s):
    return backward(s)["Why"]


def dJ_dby(s):
    return backward(s)["by"]


def dJ_dh2(s):
    return backward(s)["h2"]


def dJ_dh1(s):
    return backward(s)["h1"]


def dJ_dWxh(s):
    return backward(s)["Wxh"]


def dJ_dWhh(s):
    return backward(s)["Whh"]


def dJ_dbh(s):
    return backward(s)["bh"]


def dJ_dh0(s):
    return backward(s)["h0"]
