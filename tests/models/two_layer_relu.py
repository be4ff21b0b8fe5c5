"""A two-layer network with ReLU and weight decay.

x: (N, D), the inputs
W1: (D, H), weights of the first layer
b1: (H,), its bias
W2: (H, C), weights of the second layer
b2: (C,), its bias
y: (N, C), the targets, one-hot
"""

import numpy as np

REG = 0.1


def relu(a):
    return np.maximum(0, a)


def softmax(s):
    e = np.exp(s - np.max(s, axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def a(x, W1, b1):
    """a = x W1 + b1, the first layer before its ReLU: (N, H)."""
    return x @ W1 + b1


def s(a, W2, b2):
    """s = relu(a) W2 + b2, the scores: (N, C)."""
    return relu(a) @ W2 + b2


def loss(s, y, W1, W2):
    """The mean cross entropy plus half the squared weights times REG."""
    data = -np.sum(y * np.log(softmax(s))) / len(y)
    return data + 0.5 * REG * (np.sum(W1 * W1) + np.sum(W2 * W2))
