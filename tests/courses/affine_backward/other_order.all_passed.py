def affine_backward(cache, dout):
    return [dout @ cache.w.T, cache[0].T @ dout, dout.sum(axis=0)]
