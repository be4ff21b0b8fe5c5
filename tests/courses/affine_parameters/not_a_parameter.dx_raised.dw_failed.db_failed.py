def dx(dout):
    return dout @ w.T


def dw(x, dout):
    return dout.T @ x


def db(dout):
    return -dout.sum(axis=0)
