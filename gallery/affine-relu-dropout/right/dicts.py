import numpy as np


def dropout_backward(dout, cache):
    dh = np.zeros_like(dout)
    kept = cache["mask"] == 1
    dh[kept] = dout[kept] / cache["p"]
    return {"dh": dh}


def relu_backward(dh, a):
    return {"da": np.where(a > 0, dh, 0)}


def affine_backward(da, cache):
    grads = {}
    grads["dw"] = cache["x"].T @ da
    grads["db"] = da.sum(axis=0)
    grads["dx"] = da @ cache["w"].T
    return grads
