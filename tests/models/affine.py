"""A fully connected layer, as in cs231n."""

import numpy as np


def out(x, w, b):
    """out = x w + b.

    x: (N, D), the inputs
    w: (D, M), the weights
    b: (M,), the biases
    """
    return x.dot(w) + b


def J(out, dout):
    """The loss whose gradient with respect to out is dout: (N, M), the upstream gradient."""
    return np.sum(out * dout)
