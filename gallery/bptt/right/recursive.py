"""The gradient with respect to one state by recursion; the others as sums of it over the time steps."""

import numpy as np


def dh(s, t):
    own = np.einsum("v,hv->h", s.P[t] - s.Y[t], s.Why)
    if t == len(s.X) - 1:
        return own
    return own + np.einsum("k,jk->j", dz(s, t + 1), s.Whh)


def dz(s, t):
    return dh(s, t) * (1 - np.square(s.hs[t]))


def backward(s):
    steps = range(len(s.X))
    states = [s.h0[0], *s.hs]
    return {
        "by": sum(s.P[t : t + 1] - s.Y[t : t + 1] for t in steps),
        "Why": sum(np.outer(states[t + 1], s.P[t] - s.Y[t]) for t in steps),
        "bh": sum(dz(s, t) for t in steps)[None, :],
        "Wxh": sum(np.outer(s.X[t], dz(s, t)) for t in steps),
        "Whh": sum(np.outer(states[t], dz(s, t)) for t in steps),
        "X": np.array([np.einsum("h,dh->d", dz(s, t), s.Wxh) for t in steps]),
        "h0": np.einsum("k,jk->j", dz(s, 0), s.Whh)[None, :],
    }
