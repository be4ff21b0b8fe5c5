"""One backward pass, from which each gradient takes its part."""

import numpy as np


def backward(s):
    grads = {}
    t = np.tanh(s.c)
    grads["c"] = s.dc_next + s.dh * s.o * (1 - t**2)
    grads["o"] = s.dh * t
    grads["f"] = grads["c"] * s.c_prev
    grads["i"] = grads["c"] * s.g
    grads["g"] = grads["c"] * s.i
    grads["a_f"] = grads["f"] * s.f * (1 - s.f)
    grads["a_i"] = grads["i"] * s.i * (1 - s.i)
    grads["a_o"] = grads["o"] * s.o * (1 - s.o)
    grads["a_g"] = grads["g"] * (1 - s.g**2)
    grads["h_prev"] = np.zeros_like(s.h_prev)
    grads["x"] = np.zeros_like(s.x)
    for gate in "fiog":
        grads["h_prev"] += grads["a_" + gate] @ getattr(s, "U_" + gate).T
        grads["x"] += grads["a_" + gate] @ getattr(s, "W_" + gate).T
    return grads


def dJ_dc(s):
    return backward(s)["c"]


def dJ_db_f(s):
    return backward(s)["a_f"]


def dJ_db_i(s):
    return backward(s)["a_i"]


def dJ_db_o(s):
    return backward(s)["a_o"]


def dJ_db_g(s):
    return backward(s)["a_g"]


def dJ_dW_f(s):
    return s.x.T @ backward(s)["a_f"]


def dJ_dU_g(s):
    return s.h_prev.T @ backward(s)["a_g"]


def dJ_dc_prev(s):
    return backward(s)["c"] * s.f


def dJ_dh_prev(s):
    return backward(s)["h_prev"]


def dJ_dx(s):
    return backward(s)["x"]
