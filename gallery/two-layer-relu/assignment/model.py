"""A two-layer network with ReLU, a softmax and weight decay, on a minibatch.

X is (N, D), the inputs, an example in each row.  y is (N,), the labels, indices below K.
W1 is (D, H), the weights of the first layer, and b1 is (H,), its bias.
W2 is (H, K), the weights of the second layer, and b2 is (K,), its bias.
reg is a positive number, the strength of the weight decay.
"""

import numpy as np


def a(X, W1, b1):
    """a = X W1 + b1, the input of the hidden layer: (N, H)."""
    return X @ W1 + b1


def h(a):
    """h = max(0, a), the hidden layer: (N, H)."""
    return np.maximum(0, a)


def scores(h, W2, b2):
    """scores = h W2 + b2, a score for each example and class: (N, K)."""
    return h @ W2 + b2


def p(scores):
    """p, the probabilities, the softmax of each row of the scores: (N, K)."""
    exp_scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exp_scores / exp_scores.sum(axis=1, keepdims=True)


def J(p, y, W1, W2, reg):
    """The mean cross entropy, plus reg / 2 times the sum of the squared weights: a number."""
    data_loss = -np.mean(np.log(p[np.arange(len(y)), y]))
    return data_loss + 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))
