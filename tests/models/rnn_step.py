"""One step of a vanilla recurrent network for a character model, with columns as in many lecture notes.

x is (V, 1), the current character.  h_prev is (H, 1), the previous hidden state.  Wxh is (H, V), Whh is (H, H) and
Why is (V, H).  bh is (H, 1) and by is (V, 1).  t is (1, V), the next character, one-hot.
"""

import numpy as np


def a(Wxh, x, Whh, h_prev, bh):
    """a = Wxh x + Whh h_prev + bh, the input of the hidden units, (H, 1)."""
    return Wxh @ x + Whh @ h_prev + bh


def h(a):
    """h = tanh(a), the hidden state, (H, 1)."""
    return np.tanh(a)


def o(Why, h, by):
    """o = Why h + by, the unnormalized log probabilities, (V, 1)."""
    return Why @ h + by


def p(o):
    """p = softmax(o), the probabilities of the next character, (V, 1)."""
    e = np.exp(o)
    return e / np.sum(e)


def loss(p, t):
    """The cross entropy of the next character."""
    return -np.sum(t.T * np.log(p))
