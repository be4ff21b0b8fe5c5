def dx(dout, w):
    return dout @ w.T


def dw(x, dout):
    return x.T @ dout


def db(dout, axis=0):
    return dout.sum(axis)
