"""A network with one hidden layer, trained on a minibatch of N examples, one example a row.

X is (N, D), the inputs.  y is (N, C), the targets, one-hot.
W1 is (D, H), the weights of the hidden layer, and b1 is (1, H), its bias.
W2 is (H, C), the weights of the output layer, and b2 is (1, C), its bias.
"""

import numpy as np


def softmax(a):
    """softmax(a)_nk = exp(a_nk) / sum_l exp(a_nl), row by row."""
    exp_a = np.exp(a - np.max(a.real, axis=-1, keepdims=True))
    return exp_a / np.sum(exp_a, axis=-1, keepdims=True)


def z1(X, W1, b1):
    """z1 = X W1 + b1, the input of the hidden layer: (N, H)."""
    return X @ W1 + b1


def a1(z1):
    """a1 = tanh(z1), the hidden layer: (N, H)."""
    return np.tanh(z1)


def z2(a1, W2, b2):
    """z2 = a1 W2 + b2, the scores: (N, C)."""
    return a1 @ W2 + b2


def y_hat(z2):
    """y_hat = softmax(z2), the predicted probabilities: (N, C)."""
    return softmax(z2)


def J(y, y_hat):
    """J, the cross entropy averaged over the batch: a number."""
    return -np.sum(y * np.log(y_hat), axis=(-2, -1)) / y.shape[-2]
