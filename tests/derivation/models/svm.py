"""A multiclass hinge loss on labels, with L2.

X is (N, D), W is (D, C), y is (N,), labels below C.
"""

import numpy as np


def S(X, W):
    return X.dot(W)


def J(S, y, W):
    n = S.shape[0]
    right = S[np.arange(n), y][:, np.newaxis]
    m = np.maximum(0, S - right + 1.0)
    m[np.arange(n), y] = 0
    return np.sum(m) / n + 0.5 * np.sum(W * W)
