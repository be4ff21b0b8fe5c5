"""A convolutional layer on a minibatch, with padding, ReLU, max-pooling and a softmax."""

import numpy as np


def z(x, w, b):
    """The convolution with a padding of 1: (N, F, P, Q), with P = Hp - K + 1 and Q = Wp - L + 1.

    The padded images have the sizes Hp = H + 2 and Wp = W + 2.

    x is (N, C, H, W), the images; w is (F, C, K, L), the filters; b is (F,), their biases.
    """
    N, _, H, W = x.shape
    F, _, K, L = w.shape
    P = H + 2 - K + 1
    Q = W + 2 - L + 1
    x_pad = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.zeros((N, F, P, Q))
    for n in range(N):
        for f in range(F):
            for i in range(P):
                for j in range(Q):
                    out[n, f, i, j] = np.sum(x_pad[n, :, i : i + K, j : j + L] * w[f]) + b[f]
    return out


def a(z):
    """relu(z): (N, F, P, Q)."""
    return np.maximum(0, z)


def m(a):
    """The largest of each 2 by 2 window: (N, F, R, S), with R = P // 2 and S = Q // 2."""
    N, F, P, Q = a.shape
    out = np.zeros((N, F, P // 2, Q // 2))
    for i in range(P // 2):
        for j in range(Q // 2):
            out[:, :, i, j] = np.max(a[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2], axis=(2, 3))
    return out


def scores(m, U, c):
    """The scores of the classes: (N, D); U is (M, D), with M = F * R * S; c is (D,)."""
    return m.reshape(len(m), -1) @ U + c


def p(scores):
    """The probabilities: (N, D)."""
    e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def J(p, y):
    """The mean cross entropy; y is (N, D), one-hot labels."""
    return -np.sum(y * np.log(p)) / len(p)
