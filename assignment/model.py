"""The model: a recurrent language model at one time step, one function per quantity.

The parameters of a function are the quantities it is computed from, so this file *is* the graph

    L, x ─► e ─┐
    h_prev, H ─┼─► z ─► h ─┬─► y_hat ─┬─► J
    I, b1 ─────┘      U, b2┘         y┘

Row vectors throughout: e is (1, d), z and h are (1, Dh), y_hat is (1, V).  `...` and `axis=-1` let every
function take a whole stack of inputs at once, and nothing here minds complex numbers; the checks use both.

L is (V, d), the word vectors, one a row.  x is the index of the current word, below V.
I is (d, Dh), from the word vector to the hidden layer.  H is (Dh, Dh), from the previous hidden layer to this one.
b1 is (1, Dh), the bias of the hidden layer.  U is (Dh, V), from the hidden layer to the output.
b2 is (1, V), the bias of the output.  y is (1, V), the word that comes next, one-hot.
h_prev is (1, Dh), the hidden layer of the previous time step, between 0 and 1.
"""

import numpy as np


def sigmoid(a):
    """sigmoid(a) = 1 / (1 + exp(-a)), entry by entry; any shape."""
    return 1 / (1 + np.exp(-a))


def softmax(a):
    """softmax(a)_j = exp(a_j) / sum_k exp(a_k) along the last axis; any shape."""
    exp_a = np.exp(a - np.max(a.real, axis=-1, keepdims=True))  # the shift cancels, and avoids overflow
    return exp_a / np.sum(exp_a, axis=-1, keepdims=True)


def e(L, x):
    """e = L[x], the word vector of the current word, as a row: (1, d)."""
    return L[..., [x], :]


def z(h_prev, H, e, I, b1):
    """z = h_prev H + e I + b1, the hidden layer before its sigmoid: (1, Dh)."""
    return h_prev @ H + e @ I + b1


def h(z):
    """h = sigmoid(z), the hidden layer: (1, Dh)."""
    return sigmoid(z)


def y_hat(h, U, b2):
    """y_hat = softmax(h U + b2), the predicted distribution of the next word: (1, V)."""
    return softmax(h @ U + b2)


def J(y, y_hat):
    """J = -sum_j y_j log(y_hat_j), the cross entropy of the target word: a number."""
    return -np.sum(y * np.log(y_hat), axis=(-2, -1))
