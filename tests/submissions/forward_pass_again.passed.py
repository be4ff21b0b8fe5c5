"""Computes the forward pass again from the parameters with the model's own sigmoid and softmax; uses no e, z, h, y_hat."""
# expect: all=passed

from model import sigmoid, softmax


def forward(s):
    e = s.L[[s.x]]
    h = sigmoid(s.h_prev @ s.H + e @ s.I + s.b1)
    return e, h, softmax(h @ s.U + s.b2)


def backward(s):
    e, h, y_hat = forward(s)
    d2 = y_hat - s.y
    return e, h, d2, (d2 @ s.U.T) * h * (1 - h)


def dJ_db2(s):
    _, _, d2, _ = backward(s)
    return d2


def dJ_dU(s):
    _, h, d2, _ = backward(s)
    return h.T @ d2


def dJ_dh(s):
    _, _, d2, _ = backward(s)
    return d2 @ s.U.T


def dJ_db1(s):
    *_, d1 = backward(s)
    return d1


def dJ_dL_x(s):
    *_, d1 = backward(s)
    return d1 @ s.I.T


def dJ_dI(s):
    e, *_, d1 = backward(s)
    return e.T @ d1


def dJ_dH(s):
    *_, d1 = backward(s)
    return s.h_prev.T @ d1


def dJ_dh_prev(s):
    *_, d1 = backward(s)
    return d1 @ s.H.T
