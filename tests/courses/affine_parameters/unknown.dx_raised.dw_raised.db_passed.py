def dx(dout, W):
    return dout @ W.T


def dw(x, upstream):
    return x.T @ upstream


def db(dout):
    return dout.sum(axis=0)
