"""Skip-gram with negative sampling, for one pair of words.

C is (V, d), the vectors of the words in the center.  U is (V, d), the vectors of the words in a context.
center is the index of the center word, below V, and outside is the index of the word in its context, below V.
negatives is (K,), the indices of the negative samples, below V; one may be drawn more than once.
"""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def v(C, center):
    """v = C[center], the vector of the center word: (d,)."""
    return C[center]


def pos(U, outside, v):
    """pos = U[outside] v, the score of the real pair: a number."""
    return U[outside] @ v


def neg(U, negatives, v):
    """neg = U[negatives] v, the scores of the negative samples: (K,)."""
    return U[negatives] @ v


def J(pos, neg):
    """J = -log(sigmoid(pos)) - sum(log(sigmoid(-neg))): a number."""
    return -np.log(sigmoid(pos)) - np.sum(np.log(sigmoid(-neg)))
