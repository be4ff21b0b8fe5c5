def dx(dw):
    return dw


def dw(dx):
    return dx


def db(dout):
    return dout.sum(axis=0)
