import numpy as np


def affine_backward(dout, cache):
    x, w, b = cache
    dx = np.zeros_like(x)
    dx += dout @ w
    dw, db = dout.T @ x, dout.sum(axis=0)
    return dict(dx=dx, dw=dw, db=db)
