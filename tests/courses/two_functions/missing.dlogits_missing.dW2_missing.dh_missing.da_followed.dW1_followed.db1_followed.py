import numpy as np


def hidden_backward(s):
    _, _, dh = output_backward(s)
    da = dh * (s.a > 0)
    return da, s.X.T @ da + s.reg * s.W1, da.sum(axis=0)
