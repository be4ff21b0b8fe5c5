"""Three layers: affine, ReLU and inverted dropout."""

import numpy as np


def a(x, w, b):
    """a = x w + b, the affine layer, (N, M); x is (N, D), the minibatch, w is (D, M), and b is (M,)."""
    return x @ w + b


def h(a):
    """h = relu(a), (N, M)."""
    return np.maximum(a, 0)


def out(h, mask, p):
    """out = h * mask / p, inverted dropout, (N, M).

    mask is (N, M), 1 where an entry is kept and 0 where it is dropped; p is a number, the share that is kept.
    """
    return h * mask / p


def J(out, dout):
    """A loss whose gradient with respect to out is dout; dout is (N, M), the upstream gradient."""
    return np.sum(out * dout)
