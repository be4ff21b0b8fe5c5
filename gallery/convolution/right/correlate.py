import numpy as np


def dJ_dscores(s):
    target = np.zeros_like(s.p)
    target[s.y] = 1
    return s.p - target


def dJ_dU(s):
    return dJ_dscores(s).reshape(-1, 1) @ s.m.reshape(1, -1)


def dJ_dm(s):
    F, P = s.m.shape
    return (dJ_dscores(s).reshape(1, -1) @ s.U).reshape(F, P)


def dJ_da(s):
    """Through the pooling; at two zeros it doesn't matter which one is taken."""
    da = np.zeros_like(s.a)
    da[:, 0::2] = dJ_dm(s) * (s.a[:, 0::2] >= s.a[:, 1::2])
    da[:, 1::2] = dJ_dm(s) * (s.a[:, 1::2] > s.a[:, 0::2])
    return da


def dJ_dz(s):
    return dJ_da(s) * (s.z > 0)


def dJ_db(s):
    return dJ_dz(s) @ np.ones(s.z.shape[1])


def dJ_dw(s):
    dz = dJ_dz(s)
    return np.array([[np.correlate(channel, row, mode="valid") for channel in s.x] for row in dz])


def dJ_dx(s):
    dz = dJ_dz(s)
    grad = np.zeros_like(s.x)
    for f in range(len(s.w)):
        for c in range(len(s.x)):
            grad[c] += np.convolve(dz[f], s.w[f, c], mode="full")
    return grad
