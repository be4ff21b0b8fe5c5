import numpy as np


def dJ_dz(s):
    return np.array([[dh * (h_prev - n) for dh, h_prev, n in zip(s.dh[0], s.h_prev[0], s.n[0])]])


def dJ_dn(s):
    return np.array([[dh - dh * z for dh, z in zip(s.dh[0], s.z[0])]])


def dJ_db_z(s):
    upstream = dJ_dz(s)
    grad = np.zeros_like(s.z)
    for k in range(s.z.shape[1]):
        grad[0, k] = upstream[0, k] * s.z[0, k] * (1 - s.z[0, k])
    return grad


def dJ_db_n(s):
    upstream = dJ_dn(s)
    grad = np.zeros_like(s.n)
    for k in range(s.n.shape[1]):
        grad[0, k] = upstream[0, k] * (1 + s.n[0, k]) * (1 - s.n[0, k])
    return grad


def dJ_dr(s):
    upstream = dJ_db_n(s)
    grad = np.zeros_like(s.r)
    for j in range(s.r.shape[1]):
        for k in range(s.r.shape[1]):
            grad[0, j] += upstream[0, k] * s.U_n[j, k]
        grad[0, j] *= s.h_prev[0, j]
    return grad


def dJ_db_r(s):
    return np.array([[up * r * (1 - r) for up, r in zip(dJ_dr(s)[0], s.r[0])]])


def dJ_dW_r(s):
    return np.einsum("ij,ik->jk", s.x, dJ_db_r(s))


def dJ_dU_z(s):
    return np.einsum("ij,ik->jk", s.h_prev, dJ_db_z(s))


def dJ_dU_n(s):
    return np.einsum("ij,ij,ik->jk", s.r, s.h_prev, dJ_db_n(s))


def dJ_dx(s):
    pairs = [(dJ_db_z(s), s.W_z), (dJ_db_r(s), s.W_r), (dJ_db_n(s), s.W_n)]
    return sum(np.einsum("ik,jk->ij", delta, W) for delta, W in pairs)


def dJ_dh_prev(s):
    grad = np.zeros_like(s.h_prev)
    for delta, U in [(dJ_db_z(s), s.U_z), (dJ_db_r(s), s.U_r)]:
        grad += np.einsum("ik,jk->ij", delta, U)
    for j in range(grad.shape[1]):
        grad[0, j] += s.dh[0, j] * s.z[0, j]
        for k in range(grad.shape[1]):
            grad[0, j] += dJ_db_n(s)[0, k] * s.U_n[j, k] * s.r[0, j]
    return grad
