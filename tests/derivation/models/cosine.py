"""A contrastive loss on normalized vectors, with assorted functions.

a and b are (N, D), tau is a positive number.
"""

import numpy as np


def na(a):
    return a / np.linalg.norm(a, axis=1)[:, None]


def nb(b):
    return b / np.sqrt(np.einsum("nd,nd->n", b, b))[:, None]


def S(na, nb, tau):
    return np.dot(na, nb.T) / tau


def J(S):
    m = S.max(1)
    lse = m + np.log(np.exp(S - m[:, None]).sum(1))
    return np.mean(lse - np.diag(S)) + 0.01 * np.trace(S)
