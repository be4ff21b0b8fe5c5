def affine_backward(dout, cache):
    grads = {}
    grads["db"] = dout.sum(axis=0)
    grads["dx"] = dout @ cache["w"].T
    grads["w"] = cache["x"].T @ dout  # by the name of the quantity
    return grads
