import numpy as np


def dropout_backward(dout, cache):
    mask, p = cache
    dh = np.zeros(dout.shape)
    for i in range(dout.shape[0]):
        for j in range(dout.shape[1]):
            if mask[i, j]:
                dh[i, j] = dout[i, j] / p
    return dh


def relu_backward(dout, a):
    da = np.zeros(dout.shape)
    for i in range(dout.shape[0]):
        for j in range(dout.shape[1]):
            da[i, j] = dout[i, j] if a[i, j] > 0 else 0.0
    return da


def affine_backward(dout, cache):
    x, w, b = cache
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n in range(len(x)):
        dx[n] = w @ dout[n]
        dw += np.outer(x[n], dout[n])
        db += dout[n]
    return dx, dw, db
