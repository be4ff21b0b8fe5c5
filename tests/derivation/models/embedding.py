"""A bag of words with repeated words, and tied output weights.

E is (V, d), words is (T,), indices below V, label is an index below V.
"""

import numpy as np


def h(E, words):
    return E[words].mean(axis=0)


def scores(E, h):
    return E @ h


def J(scores, label):
    scores = scores - np.max(scores)
    return np.log(np.sum(np.exp(scores))) - scores[label]
