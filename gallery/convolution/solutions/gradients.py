"""The gradients of `J`, solved.  For instructors only: this file must never reach a student.

A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.
"""

import numpy as np


def dJ_dscores(s):
    """dJ/dscores, (N,): p minus the one-hot target."""
    return s.p - np.eye(len(s.p))[s.y]


def dJ_dU(s):
    """dJ/dU, (N, M)."""
    return np.outer(dJ_dscores(s), s.m)


def dJ_dm(s):
    """dJ/dm, (F, P)."""
    return (s.U.T @ dJ_dscores(s)).reshape(s.m.shape)


def dJ_dz(s):
    """dJ/dz, (F, O): only the larger one of two neighbors counts, and only where it is positive."""
    pairs = s.a.reshape(len(s.a), -1, 2)
    is_larger = pairs == s.m[:, :, None]
    dJ_da = (dJ_dm(s)[:, :, None] * is_larger).reshape(s.a.shape)
    return dJ_da * (s.z > 0)


def dJ_db(s):
    """dJ/db, (F,): a bias is added at every position."""
    return np.sum(dJ_dz(s), axis=1)


def dJ_dw(s):
    """dJ/dw, (F, C, K): at each offset k the signal, shifted by k, is correlated with dJ/dz."""
    O = s.z.shape[1]
    grad = np.zeros_like(s.w)
    for k in range(s.w.shape[2]):
        grad[:, :, k] = dJ_dz(s) @ s.x[:, k : k + O].T
    return grad


def dJ_dx(s):
    """dJ/dx, (C, T): each position of the output hands its gradient back to the K entries it was computed from."""
    O = s.z.shape[1]
    grad = np.zeros_like(s.x)
    for k in range(s.w.shape[2]):
        grad[:, k : k + O] += s.w[:, :, k].T @ dJ_dz(s)
    return grad
