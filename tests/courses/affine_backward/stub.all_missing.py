def affine_backward(dout, cache):
    x, w, b = cache
    raise NotImplementedError
