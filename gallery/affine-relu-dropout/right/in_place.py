import numpy as np


def dropout_backward(dout, cache):
    dx = dout.copy()
    dx *= cache.mask
    dx /= cache.p
    return dx


def relu_backward(dout, x):
    dx = np.array(dout)
    dx[x <= 0] = 0
    return dx


def affine_backward(dout, cache):
    dx, dw, db = np.empty_like(cache.x), np.empty_like(cache.w), np.empty_like(cache.b)
    np.matmul(dout, cache.w.T, out=dx)
    np.matmul(cache.x.T, dout, out=dw)
    np.sum(dout, axis=0, out=db)
    return [dx, dw, db]
