"""One step of a recurrent network that reads a text by characters, with column vectors.

x is (V, 1), the current character, one-hot.
h_prev is (H, 1), the previous state, between -1 and 1.
Wxh is (H, V), the weights from the character to the state.
Whh is (H, H), the weights from the previous state.
bh is (H, 1), the bias of the state.
Why is (V, H), the weights of the output.
by is (V, 1), the bias of the output.
y is (V, 1), the next character, one-hot.
"""

import numpy as np


def softmax(o):
    """softmax(o)_i = exp(o_i) / sum_k exp(o_k), for a column."""
    e = np.exp(o - o.max())
    return e / e.sum()


def a(Wxh, x, Whh, h_prev, bh):
    """a = Wxh x + Whh h_prev + bh, the input of the tanh: (H, 1)."""
    return Wxh @ x + Whh @ h_prev + bh


def h(a):
    """h = tanh(a), the state: (H, 1)."""
    return np.tanh(a)


def p(Why, h, by):
    """p = softmax(Why h + by), the predicted probabilities of the next character: (V, 1)."""
    return softmax(Why @ h + by)


def J(p, y):
    """The cross entropy of the next character."""
    return -np.sum(y * np.log(p))
