def backward(dout, inputs):
    x, w, gain = inputs
    dout_gained = dout * gain
    return dout_gained, x.T @ dout_gained


def input_gradient(dout_gained, w):
    return dout_gained @ w
