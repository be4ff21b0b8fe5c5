"""A convolution with four loops, ReLU and max-pooling."""

import numpy as np


def z(x, w, b):
    """The filter slid over the image: (P, Q), with P = H - K + 1 and Q = W - K + 1.

    x is (H, W), the image; w is (K, K), the filter; b is a number.
    """
    K = w.shape[0]
    P, Q = x.shape[0] - K + 1, x.shape[1] - K + 1
    out = np.zeros((P, Q))
    for i in range(P):
        for j in range(Q):
            for k in range(K):
                for l in range(K):
                    out[i, j] += x[i + k, j + l] * w[k, l]
            out[i, j] += b
    return out


def a(z):
    """relu(z): (P, Q)."""
    return np.maximum(z, 0)


def m(a):
    """The largest of each 2 by 2 window: (R, S), with R = P // 2, S = Q // 2."""
    R, S = a.shape[0] // 2, a.shape[1] // 2
    out = np.zeros((R, S))
    for i in range(R):
        for j in range(S):
            out[i, j] = a[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max()
    return out


def J(m, g):
    """The loss whose gradient by m is g; g is (R, S), the upstream gradient."""
    return np.sum(m * g)
