"""A one-dimensional convolution with F filters of width K, without padding.

x is (C, W), an input with C channels.  w is (F, C, K), the filters, and b is (F, 1), their biases.
dout is (F, W - K + 1), the upstream gradient.
"""

import numpy as np


def out(x, w, b):
    """The sum over channels and offsets, for each filter and position: (F, W - K + 1)."""
    width = x.shape[1] - w.shape[2] + 1
    return sum(w[:, :, k] @ x[:, k : k + width] for k in range(w.shape[2])) + b


def J(out, dout):
    """The loss whose gradient with respect to out is dout."""
    return np.sum(out * dout)
