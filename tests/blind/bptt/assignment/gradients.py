"""The nine gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns dJ/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.x1   (1, d)    s.y1   (1, k)
    s.Wxh  (d, m)    s.y2   (1, k)
    s.h0   (1, m)    s.y3   (1, k)
    s.Whh  (m, m)    s.h1   (1, m)
    s.bh   (1, m)    s.p1   (1, k)
    s.Why  (m, k)    s.h2   (1, m)
    s.by   (1, k)    s.p2   (1, k)
    s.x2   (1, d)    s.h3   (1, m)
    s.x3   (1, d)    s.p3   (1, k)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import nothing but numpy, the standard library and, from `model`: softmax.  Do not change `s` or its arrays.
"""

import numpy as np


def dJ_dh3(s):
    """dJ/dh3, shape (1, m)."""
    raise NotImplementedError("dJ_dh3 is not written yet")


def dJ_dWhy(s):
    """dJ/dWhy, shape (m, k)."""
    raise NotImplementedError("dJ_dWhy is not written yet")


def dJ_dby(s):
    """dJ/dby, shape (1, k)."""
    raise NotImplementedError("dJ_dby is not written yet")


def dJ_dh2(s):
    """dJ/dh2, shape (1, m)."""
    raise NotImplementedError("dJ_dh2 is not written yet")


def dJ_dh1(s):
    """dJ/dh1, shape (1, m)."""
    raise NotImplementedError("dJ_dh1 is not written yet")


def dJ_dWxh(s):
    """dJ/dWxh, shape (d, m)."""
    raise NotImplementedError("dJ_dWxh is not written yet")


def dJ_dWhh(s):
    """dJ/dWhh, shape (m, m)."""
    raise NotImplementedError("dJ_dWhh is not written yet")


def dJ_dbh(s):
    """dJ/dbh, shape (1, m)."""
    raise NotImplementedError("dJ_dbh is not written yet")


def dJ_dh0(s):
    """dJ/dh0, shape (1, m)."""
    raise NotImplementedError("dJ_dh0 is not written yet")
