import numpy as np


def dropout_backward(dout, cache):
    mask, p = cache
    return dout * mask / p


def relu_backward(dout, cache):
    x = cache
    return dout * (x > 0)


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T)
    dw = x.T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db
