# s is the whole sample point.
def dx(s):
    return s.dout @ s.w.T


def dw(s, x):
    return x.T @ s.dout


def db(s):
    return s.dout.sum(axis=0)
