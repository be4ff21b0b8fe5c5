# Each call writes into the arrays of the call before.
import numpy as np

OUT = {}


def affine_backward(dout, cache):
    x, w, b = cache
    for name, value in (("dx", dout @ w.T), ("dw", x.T @ dout), ("db", dout.sum(axis=0))):
        if name not in OUT or OUT[name].shape != value.shape:
            OUT[name] = np.empty_like(value)
        OUT[name][:] = value
    return OUT
