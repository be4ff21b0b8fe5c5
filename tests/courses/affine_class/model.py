import numpy as np


def out(x, w, b):
    return x @ w + b


def J(out, dout):
    """The loss whose gradient by `out` is `dout`."""
    return np.sum(out * dout)
