import numpy as np


def dJ_dscores(s):
    dscores = s.p.copy()
    dscores[s.y] -= 1
    return dscores


def dJ_dU(s):
    return np.outer(dJ_dscores(s), s.m.ravel())


def dJ_dm(s):
    return (s.U.T @ dJ_dscores(s)).reshape(s.m.shape)


def dJ_dz(s):
    m = np.repeat(s.m, 2, axis=1)
    dm = np.repeat(dJ_dm(s), 2, axis=1)
    return dm * (s.a == m) * (s.z > 0)


def dJ_db(s):
    return dJ_dz(s).sum(axis=1)


def dJ_dw(s):
    F, C, K = s.w.shape
    O = s.z.shape[1]
    dz = dJ_dz(s)
    dw = np.zeros((F, C, K))
    for k in range(K):
        dw[:, :, k] = dz @ s.x[:, k : k + O].T
    return dw


def dJ_dx(s):
    K, O = s.w.shape[2], s.z.shape[1]
    dz = dJ_dz(s)
    dx = np.zeros(s.x.shape)
    for k in range(K):
        dx[:, k : k + O] += s.w[:, :, k].T @ dz
    return dx
