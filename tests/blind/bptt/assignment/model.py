"""A recurrent network over three time steps, with the same weights at each step.

x1, x2 and x3 are (1, d), the inputs.  h0 is (1, m), the initial hidden state.
Wxh is (d, m), the weights from the input to the hidden state.  Whh is (m, m), those from the previous hidden state.
bh is (1, m), the bias of the hidden state.
Why is (m, k), the weights from the hidden state to the output, and by is (1, k), the bias of the output.
y1, y2 and y3 are (1, k), the targets, one-hot.
"""

import numpy as np


def softmax(a):
    """softmax(a)_j = exp(a_j) / sum_k exp(a_k), along the last axis."""
    exp_a = np.exp(a - np.max(a.real, axis=-1, keepdims=True))
    return exp_a / np.sum(exp_a, axis=-1, keepdims=True)


def h1(x1, Wxh, h0, Whh, bh):
    """h1 = tanh(x1 Wxh + h0 Whh + bh), the first hidden state: (1, m)."""
    return np.tanh(x1 @ Wxh + h0 @ Whh + bh)


def h2(x2, Wxh, h1, Whh, bh):
    """h2 = tanh(x2 Wxh + h1 Whh + bh), the second hidden state: (1, m)."""
    return np.tanh(x2 @ Wxh + h1 @ Whh + bh)


def h3(x3, Wxh, h2, Whh, bh):
    """h3 = tanh(x3 Wxh + h2 Whh + bh), the third hidden state: (1, m)."""
    return np.tanh(x3 @ Wxh + h2 @ Whh + bh)


def p1(h1, Why, by):
    """p1 = softmax(h1 Why + by), the first prediction: (1, k)."""
    return softmax(h1 @ Why + by)


def p2(h2, Why, by):
    """p2 = softmax(h2 Why + by), the second prediction: (1, k)."""
    return softmax(h2 @ Why + by)


def p3(h3, Why, by):
    """p3 = softmax(h3 Why + by), the third prediction: (1, k)."""
    return softmax(h3 @ Why + by)


def J(y1, p1, y2, p2, y3, p3):
    """J, the cross entropy summed over the three time steps: a number."""
    losses = y1 * np.log(p1) + y2 * np.log(p2) + y3 * np.log(p3)
    return -np.sum(losses, axis=(-2, -1))
