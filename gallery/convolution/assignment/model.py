"""A small convolutional network for a signal: convolution, ReLU, max-pooling and a softmax."""

import numpy as np


def z(x, w, b):
    """The F filters slid along the signal, without padding: (F, O), with O = T - K + 1.

    x is (C, T), a signal with C channels; w is (F, C, K), the filters; b is (F,), their biases.
    """
    K = w.shape[2]
    O = x.shape[1] - K + 1
    return sum(w[:, :, k] @ x[:, k : k + O] for k in range(K)) + b[:, None]


def a(z):
    """a = relu(z): (F, O)."""
    return np.maximum(z, 0)


def m(a):
    """The larger one of each two neighbors in a: (F, P), with P = O // 2."""
    return a.reshape(len(a), -1, 2).max(axis=2)


def scores(m, U, c):
    """scores = U m + c, with m as one long vector: (N,).

    U is (N, F * P), the weights; c is (N,), the biases.
    """
    return U @ m.ravel() + c


def p(scores):
    """The probabilities of the classes, p = softmax(scores): (N,)."""
    e = np.exp(scores - np.max(scores))
    return e / np.sum(e)


def J(p, y):
    """The cross entropy; y is the label, an index below N."""
    return -np.log(p[y])
