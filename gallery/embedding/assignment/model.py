"""A bag of words: a text is the mean of its word vectors, and a softmax classifies it.

words is (N, T), the words of each text, indices below V; a word may occur more than once.
y is (N,), the labels, indices below K.
E is (V, d), the word vectors.  W is (d, K), the weights, and b is (K,), the bias.
"""

import numpy as np


def e(E, words):
    """e, the mean of the word vectors of each text: (N, d)."""
    return E[words].mean(axis=1)


def scores(e, W, b):
    """scores = e W + b, a score for each text and class: (N, K)."""
    return e @ W + b


def p(scores):
    """p, the probabilities, the softmax of each row of the scores: (N, K)."""
    exp_scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exp_scores / exp_scores.sum(axis=1, keepdims=True)


def J(p, y):
    """The cross entropy, averaged over the texts: a number."""
    return -np.mean(np.log(p[np.arange(len(y)), y]))
