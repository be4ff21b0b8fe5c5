"""Skip-gram with negative sampling: a centre word, a context word, K negative ones.

V is (M, d), U is (M, d), c is an index below M, o is an index below M, and neg is (K,), indices below M.
"""

import numpy as np


def sigma(a):
    return 1 / (1 + np.exp(-a))


def v(V, c):
    return V[c]


def u(U, o):
    return U[o]


def w(U, neg):
    return U[neg]


def J(v, u, w):
    return -np.log(sigma(u @ v)) - np.sum(np.log(sigma(-w @ v)))
