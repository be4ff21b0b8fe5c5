"""A convolutional layer with ReLU, max-pooling and a squared loss."""

import numpy as np


def z(x, w, b):
    """The filters slid over the image: (F, P, Q), with P = H - K + 1 and Q = W - L + 1.

    x is (C, H, W), the image; w is (F, C, K, L), the filters; b is (F,), their biases.
    """
    F, _, K, L = w.shape
    P = x.shape[1] - K + 1
    Q = x.shape[2] - L + 1
    out = np.zeros((F, P, Q))
    for f in range(F):
        for i in range(P):
            for j in range(Q):
                out[f, i, j] = np.sum(x[:, i : i + K, j : j + L] * w[f]) + b[f]
    return out


def a(z):
    """relu(z): (F, P, Q)."""
    return np.maximum(z, 0)


def m(a):
    """The larger one of two neighbors in a column: (F, R, Q), with R = P // 2."""
    F, P, Q = a.shape
    out = np.zeros((F, P // 2, Q))
    for f in range(F):
        for i in range(P // 2):
            for j in range(Q):
                out[f, i, j] = np.max(a[f, 2 * i : 2 * i + 2, j])
    return out


def y_hat(m, U, c):
    """The prediction: (N,); U is (N, M), with M = F * R * Q; c is (N,)."""
    return U @ m.reshape(-1) + c


def J(y_hat, y):
    """Half the squared error; y is (N,), the target."""
    return 0.5 * np.sum((y_hat - y) ** 2)
