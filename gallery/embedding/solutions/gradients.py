"""The gradients of J, solved.  For instructors only: this file must never reach a student.

`derivation.md` beside this file derives each line.  A gradient that builds on another one calls it: that is how the grader knows
which gradient is upstream of which.
"""

import numpy as np


def dJ_dscores(s):
    """dJ/dscores = (p - one-hot labels) / N, shape (N, K)."""
    K = s.p.shape[1]
    return (s.p - np.eye(K)[s.y]) / len(s.y)


def dJ_dW(s):
    """dJ/dW = e^T dJ/dscores, shape (d, K)."""
    return s.e.T @ dJ_dscores(s)


def dJ_db(s):
    """dJ/db = sum of dJ/dscores over the texts, shape (K,)."""
    return np.sum(dJ_dscores(s), axis=0)


def dJ_de(s):
    """dJ/de = dJ/dscores W^T, shape (N, d)."""
    return dJ_dscores(s) @ s.W.T


def dJ_dE(s):
    """dJ/dE, shape (V, d): each occurrence of a word adds 1/T of its text's row of dJ/de to the word's row.

    `dE[s.words] += ...` would count a word once, however often it occurs.
    """
    T = s.words.shape[1]
    dE = np.zeros_like(s.E)
    np.add.at(dE, s.words, dJ_de(s)[:, None, :] / T)
    return dE
