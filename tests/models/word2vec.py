"""Skip-gram with negative sampling: one center word, one context word, and K negative samples.

V is (W, d), the center vectors, and c is the index of the center word, below W.
u is (1, d), the vector of the context word.  N is (K, d), the vectors of the negative samples.
"""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def v(V, c):
    """v = V[c], the vector of the center word: (1, d)."""
    return V[[c]]


def p(u, v):
    """p = sigmoid(u v^T), the probability that the context word is real: (1, 1)."""
    return sigmoid(u @ v.T)


def q(N, v):
    """q = sigmoid(N v^T), the same for each negative sample: (K, 1)."""
    return sigmoid(N @ v.T)


def J(p, q):
    """J = -log(p) - sum(log(1 - q)), the loss."""
    return -np.sum(np.log(p)) - np.sum(np.log(1 - q))
