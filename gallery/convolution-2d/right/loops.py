import numpy as np


def dJ_dscores(s):
    grad = s.p.copy()
    grad[s.y] -= 1
    return grad


def dJ_dm(s):
    return np.dot(dJ_dscores(s), s.U).reshape(s.m.shape)


def dJ_dU(s):
    dscores, flat = dJ_dscores(s), s.m.flatten()
    grad = np.zeros_like(s.U)
    for n in range(len(dscores)):
        grad[n] = dscores[n] * flat
    return grad


def dJ_dz(s):
    dm = dJ_dm(s)
    R, S = dm.shape
    grad = np.zeros_like(s.z)
    for i in range(R):
        for j in range(S):
            window = s.a[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            k, l = np.unravel_index(np.argmax(window), window.shape)
            if s.z[2 * i + k, 2 * j + l] > 0:
                grad[2 * i + k, 2 * j + l] = dm[i, j]
    return grad


def dJ_dx(s):
    dz = dJ_dz(s)
    K, L = s.w.shape
    grad = np.zeros_like(s.x)
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            grad[i : i + K, j : j + L] += dz[i, j] * s.w
    return grad


def dJ_dw(s):
    dz = dJ_dz(s)
    K, L = s.w.shape
    grad = np.zeros_like(s.w)
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            grad += dz[i, j] * s.x[i : i + K, j : j + L]
    return grad


def dJ_db(s):
    total = 0.0
    for row in dJ_dz(s):
        for value in row:
            total += value
    return total
