import numpy as np


def dJ_dscores(s):
    grad = np.zeros(len(s.p))
    for n in range(len(s.p)):
        grad[n] = s.p[n] - (n == s.y)
    return grad


def dJ_dU(s):
    dscores, flat = dJ_dscores(s), s.m.flatten()
    grad = np.zeros_like(s.U)
    for n in range(len(dscores)):
        grad[n] = dscores[n] * flat
    return grad


def dJ_dm(s):
    return np.dot(dJ_dscores(s), s.U).reshape(s.m.shape)


def dJ_dz(s):
    dm = dJ_dm(s)
    F, P = dm.shape
    grad = np.zeros_like(s.z)
    for f in range(F):
        for i in range(P):
            window = s.a[f, 2 * i : 2 * i + 2]
            j = 2 * i + np.argmax(window)
            if s.z[f, j] > 0:
                grad[f, j] = dm[f, i]
    return grad


def dJ_db(s):
    return np.array([sum(row) for row in dJ_dz(s)])


def dJ_dw(s):
    """One output after the other: the window that it was computed from."""
    dz = dJ_dz(s)
    F, C, K = s.w.shape
    grad = np.zeros_like(s.w)
    for f in range(F):
        for o in range(dz.shape[1]):
            grad[f] += dz[f, o] * s.x[:, o : o + K]
    return grad


def dJ_dx(s):
    dz = dJ_dz(s)
    F, C, K = s.w.shape
    grad = np.zeros_like(s.x)
    for f in range(F):
        for o in range(dz.shape[1]):
            grad[:, o : o + K] += dz[f, o] * s.w[f]
    return grad
