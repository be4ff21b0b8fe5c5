"""An autoencoder with tied weights: the decoder uses the encoder's matrix, transposed."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def h(X, W, b):
    """h = sigmoid(X W + b), the codes, (N, H); X is (N, D), the data, W is (D, H), and b is (H,)."""
    return sigmoid(X @ W + b)


def X_hat(h, W, c):
    """X_hat = h W^T + c, the reconstructions, (N, D); c is (D,)."""
    return h @ W.T + c


def J(X_hat, X):
    """Half the squared distance of each example from its reconstruction, averaged over the examples."""
    return 0.5 * np.sum((X_hat - X) ** 2) / len(X)
