"""The gradients of `J`, solved.  For instructors only: this file must never reach a student.

Derived from the model by `grader new`; `derivation.md` beside this file shows how.  Please review it before you use it.
A gradient that builds on another one calls it: that is how the grader knows which gradient is upstream of which.
"""

import numpy as np


def dJ_dscores(s):
    """dJ/dscores = p - np.eye(N)[y], shape (N,)."""
    return s.p - np.eye(len(s.U))[s.y]


def dJ_dm(s):
    """dJ/dm = (U^T dJ/dscores).reshape(R, S), shape (R, S)."""
    return (s.U.T @ dJ_dscores(s)).reshape(len(s.m), s.m.shape[1])


def dJ_dU(s):
    """dJ/dU = np.outer(dJ/dscores, m.reshape(M)), shape (N, M)."""
    return np.outer(dJ_dscores(s), s.m.reshape(s.U.shape[1]))


def dJ_dz(s):
    """dJ/dz, shape (P, Q).

    dJ/dz = (dJ/dm[:, None, :, None] * (a.reshape(R, 2, S, 2) == m[:, None, :, None])).reshape(P, Q) * (z > 0)
    """
    return (dJ_dm(s)[:, None, :, None] * (s.a.reshape(len(s.m), 2, s.m.shape[1], 2) == s.m[:, None, :, None])).reshape(
        len(s.z), s.z.shape[1]
    ) * (s.z > 0)


def dJ_dx(s):
    """dJ/dx, shape (H, W)."""
    g1 = np.zeros((len(s.x), s.x.shape[1]))
    for i in range(len(s.w)):
        for k in range(s.w.shape[1]):
            g1[i : i + len(s.z), k : k + s.z.shape[1]] += s.w[i, k] * dJ_dz(s)
    return g1


def dJ_dw(s):
    """dJ/dw, shape (K, L)."""
    g1 = np.zeros((len(s.w), s.w.shape[1]))
    for i in range(len(s.w)):
        for k in range(s.w.shape[1]):
            g1[i, k] += np.sum(dJ_dz(s) * s.x[i : i + len(s.z), k : k + s.z.shape[1]])
    return g1


def dJ_db(s):
    """dJ/db = np.sum(dJ/dz), shape ()."""
    return np.sum(dJ_dz(s))
