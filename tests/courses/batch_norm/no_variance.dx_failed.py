import numpy as np


def dbeta(s):
    return s.dout.sum(axis=0)


def dgamma(s):
    return (s.dout * s.xhat).sum(axis=0)


def dx(s):
    d = s.dout * s.gamma
    return (d - d.mean(axis=0)) / np.sqrt(s.var + s.eps)


def db(s):
    return dx(s).sum(axis=0)
