"""An autoencoder with one hidden layer and a squared error.

X is (n, p), the data.  W is (p, q), the encoder, b is (1, q).  U is (q, p), the decoder, c is (1, p).
"""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def H(X, W, b):
    """H = sigmoid(X W + b), the codes: (n, q)."""
    return sigmoid(X @ W + b)


def R(H, U, c):
    """R = H U + c, the reconstructions: (n, p)."""
    return H @ U + c


def J(R, X):
    """Half the mean squared distance between a row and its reconstruction."""
    return 0.5 * np.sum((R - X) ** 2) / len(X)
