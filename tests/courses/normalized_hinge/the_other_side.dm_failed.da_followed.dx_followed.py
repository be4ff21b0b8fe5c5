import numpy as np


def dm(s):
    return -(s.m > 1).astype(float) / len(s.m)


def da(s):
    return np.outer(dm(s) * s.y, s.w)


def dw(s):
    return s.a.T @ (dm(s) * s.y)


def du(s):
    gate = 1 / (1 + np.exp(-s.u))
    return da(s) * (gate + s.u * gate * (1 - gate))


def drms(s):
    return -np.sum(du(s) * s.x * s.g, axis=1, keepdims=True) / s.rms**2


def dx(s):
    direct = du(s) * s.g / s.rms
    through = drms(s) * s.x / (s.x.shape[1] * s.rms)
    return direct + through
