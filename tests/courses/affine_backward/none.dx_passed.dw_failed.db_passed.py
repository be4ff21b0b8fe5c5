def affine_backward(dout, cache):
    x, w, b = cache
    return dout @ w.T, None, dout.sum(axis=0)
