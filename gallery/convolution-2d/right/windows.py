import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def dJ_dscores(s):
    return s.p - np.eye(len(s.p))[s.y]


def dJ_dm(s):
    return np.reshape(s.U.T @ dJ_dscores(s), s.m.shape)


def dJ_dU(s):
    return dJ_dscores(s)[:, None] * s.m.reshape(1, -1)


def dJ_dz(s):
    R, S = s.m.shape
    windows = s.a.reshape(R, 2, S, 2)
    mask = windows == windows.max(axis=(1, 3), keepdims=True)
    grad = np.where(mask, dJ_dm(s)[:, None, :, None], 0).reshape(s.z.shape)
    grad[s.z <= 0] = 0
    return grad


def dJ_dx(s):
    K, L = s.w.shape
    padded = np.pad(dJ_dz(s), ((K - 1, K - 1), (L - 1, L - 1)))
    windows = sliding_window_view(padded, s.w.shape)
    return np.einsum("ijkl,kl->ij", windows, s.w[::-1, ::-1])


def dJ_dw(s):
    windows = sliding_window_view(s.x, s.z.shape)
    return np.einsum("klij,ij->kl", windows, dJ_dz(s))


def dJ_db(s):
    return np.einsum("ij->", dJ_dz(s))
