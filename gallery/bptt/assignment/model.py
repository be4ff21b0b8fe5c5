"""A recurrent language model over T time steps.

X is (T, d), the word vectors of a text, one row for each time step.
Y is (T, V), the words that follow, one-hot rows.
h0 is (1, H), the initial state, between -1 and 1.
Wxh is (d, H), the weights from a word vector to the state.
Whh is (H, H), the weights from one state to the next.
bh is (1, H), the bias of the state.
Why is (H, V), the weights of the output.
by is (1, V), the bias of the output.
"""

import numpy as np


def softmax(a):
    """softmax(a)_j = exp(a_j) / sum_k exp(a_k), row by row."""
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def hs(X, h0, Wxh, Whh, bh):
    """The states, one row for each time step: h_t = tanh(x_t Wxh + h_(t-1) Whh + bh): (T, H)."""
    h, rows = h0, []
    for t in range(len(X)):
        h = np.tanh(X[t : t + 1] @ Wxh + h @ Whh + bh)
        rows.append(h)
    return np.concatenate(rows)


def P(hs, Why, by):
    """P = softmax(hs Why + by), the predicted probabilities of the next word, row by row: (T, V)."""
    return softmax(hs @ Why + by)


def J(P, Y):
    """The cross entropy, summed over the time steps."""
    return -np.sum(Y * np.log(P))
