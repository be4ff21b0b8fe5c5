import numpy as np


def dJ_dscores(s):
    onehot = np.zeros_like(s.p)
    onehot[s.y] = 1
    return s.p - onehot


def dJ_dm(s):
    return (s.U.T @ dJ_dscores(s)).reshape(s.m.shape)


def dJ_dU(s):
    return np.einsum("n,m->nm", dJ_dscores(s), s.m.flatten())


def dJ_da(s):
    """One gradient for each window; the largest entry gets it."""
    up = dJ_dm(s).repeat(2, axis=0).repeat(2, axis=1)
    top = s.m.repeat(2, axis=0).repeat(2, axis=1)
    return up * (s.a == top)


def dJ_dz(s):
    return np.where(s.z > 0, dJ_da(s), 0.0)


def dJ_dx(s):
    dz = dJ_dz(s)
    P, Q = dz.shape
    grad = np.zeros(s.x.shape)
    for k in range(s.w.shape[0]):
        for l in range(s.w.shape[1]):
            grad[k : k + P, l : l + Q] += s.w[k, l] * dz
    return grad


def dJ_dw(s):
    dz = dJ_dz(s)
    P, Q = dz.shape
    return np.array(
        [[np.sum(dz * s.x[k : k + P, l : l + Q]) for l in range(s.w.shape[1])] for k in range(s.w.shape[0])]
    )


def dJ_db(s):
    return dJ_dz(s).sum()
