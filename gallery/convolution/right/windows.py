import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def dJ_dscores(s):
    return s.p - np.eye(len(s.p))[s.y]


def dJ_dU(s):
    return dJ_dscores(s)[:, None] * s.m.reshape(1, -1)


def dJ_dm(s):
    return np.reshape(dJ_dscores(s) @ s.U, s.m.shape)


def dJ_dz(s):
    pairs = s.a.reshape(len(s.a), -1, 2)
    mask = pairs == pairs.max(axis=2, keepdims=True)
    grad = np.where(mask, dJ_dm(s)[:, :, None], 0).reshape(s.z.shape)
    grad[s.z <= 0] = 0
    return grad


def dJ_db(s):
    return np.einsum("fo->f", dJ_dz(s))


def dJ_dw(s):
    windows = sliding_window_view(s.x, s.w.shape[2], axis=1)
    return np.einsum("fo,cok->fck", dJ_dz(s), windows)


def dJ_dx(s):
    """The full convolution: dJ/dz with zeros on both sides, and the filters backwards."""
    K = s.w.shape[2]
    padded = np.pad(dJ_dz(s), ((0, 0), (K - 1, K - 1)))
    windows = sliding_window_view(padded, K, axis=1)
    return np.einsum("ftk,fck->ct", windows, s.w[:, :, ::-1])
