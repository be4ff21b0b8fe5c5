"""The nine gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.X    (T, D)     s.K    (T, dk)
    s.W_Q  (D, dk)    s.S    (T, T)
    s.W_K  (D, dk)    s.A    (T, T)
    s.W_V  (D, dv)    s.V    (T, dv)
    s.dO   (T, dv)    s.O    (T, dv)
    s.Q    (T, dk)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import nothing but numpy, the standard library and, from `model`: softmax.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dV(s):
    """dJ/dV, shape (T, dv)."""
    raise NotImplementedError("dJ_dV is not written yet")


def dJ_dA(s):
    """dJ/dA, shape (T, T)."""
    raise NotImplementedError("dJ_dA is not written yet")


def dJ_dS(s):
    """dJ/dS, shape (T, T)."""
    raise NotImplementedError("dJ_dS is not written yet")


def dJ_dQ(s):
    """dJ/dQ, shape (T, dk)."""
    raise NotImplementedError("dJ_dQ is not written yet")


def dJ_dK(s):
    """dJ/dK, shape (T, dk)."""
    raise NotImplementedError("dJ_dK is not written yet")


def dJ_dW_Q(s):
    """dJ/dW_Q, shape (D, dk)."""
    raise NotImplementedError("dJ_dW_Q is not written yet")


def dJ_dW_K(s):
    """dJ/dW_K, shape (D, dk)."""
    raise NotImplementedError("dJ_dW_K is not written yet")


def dJ_dW_V(s):
    """dJ/dW_V, shape (D, dv)."""
    raise NotImplementedError("dJ_dW_V is not written yet")


def dJ_dX(s):
    """dJ/dX, shape (T, D)."""
    raise NotImplementedError("dJ_dX is not written yet")
