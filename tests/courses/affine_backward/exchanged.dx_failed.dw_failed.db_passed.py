def affine_backward(dout, cache):
    x, w, b = cache
    return x.T @ dout, dout @ w.T, dout.sum(axis=0)
