import numpy as np


def db(s):
    return s.dout.sum(axis=1)


def dw(s):
    g = np.zeros_like(s.w)
    for o in range(s.dout.shape[1]):
        g += s.dout[:, o, None, None] * s.x[None, :, o : o + s.w.shape[2]]
    return g


def dx(s):
    g = np.zeros_like(s.x)
    for o in range(s.dout.shape[1]):
        g[:, o : o + s.w.shape[2]] = np.einsum("f,fck->ck", s.dout[:, o], s.w)
    return g
