def affine_backward(cache):
    x, w, b = cache
    return x, w, b
