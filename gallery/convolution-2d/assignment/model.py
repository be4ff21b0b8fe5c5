"""An image through a convolution written as loops: a filter, a ReLU, max-pooling and a softmax."""

import numpy as np


def z(x, w, b):
    """The filter slid over the image, without padding: (P, Q), with P = H - K + 1 and Q = W - L + 1.

    x is (H, W), the image; w is (K, L), the filter; b is a number, the filter's bias.
    """
    K, L = w.shape
    P, Q = x.shape[0] - K + 1, x.shape[1] - L + 1
    out = np.zeros((P, Q))
    for i in range(P):
        for j in range(Q):
            out[i, j] = np.sum(x[i : i + K, j : j + L] * w) + b
    return out


def a(z):
    """a = relu(z): (P, Q)."""
    return np.maximum(z, 0)


def m(a):
    """The largest entry of each window of 2 by 2 in a: (R, S), with R = P // 2 and S = Q // 2."""
    R, S = a.shape[0] // 2, a.shape[1] // 2
    out = np.zeros((R, S))
    for i in range(R):
        for j in range(S):
            out[i, j] = np.max(a[2 * i : 2 * i + 2, 2 * j : 2 * j + 2])
    return out


def scores(m, U, c):
    """scores = U m + c, with m as one long vector: (N,).

    U is (N, M), the weights, with M = R * S; c is (N,), the biases.
    """
    return U @ m.reshape(-1) + c


def p(scores):
    """The probabilities of the classes, p = softmax(scores): (N,)."""
    e = np.exp(scores - np.max(scores))
    return e / np.sum(e)


def J(p, y):
    """The cross entropy; y is the label, an index below N."""
    return -np.log(p[y])
