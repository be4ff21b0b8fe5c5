"""The seven gradients of J: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns its gradients of J as new numpy arrays.
`s` holds the quantities of that point, with the names and shapes of README.md:

    s.X    (T, d)    s.bh   (1, H)
    s.Y    (T, V)    s.Why  (H, V)
    s.h0   (1, H)    s.by   (1, V)
    s.Wxh  (d, H)    s.hs   (T, H)
    s.Whh  (H, H)    s.P    (T, V)

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
Import nothing but numpy, the standard library and, from `model`: softmax.  Do not change `s` or its arrays.
"""

import numpy as np


def backward(s):
    """Returns (dby, dWhy, dbh, dWxh, dWhh, dX, dh0), or a dict with these names.

    dby: dJ/dby, shape (1, V)
    dWhy: dJ/dWhy, shape (H, V)
    dbh: dJ/dbh, shape (1, H)
    dWxh: dJ/dWxh, shape (d, H)
    dWhh: dJ/dWhh, shape (H, H)
    dX: dJ/dX, shape (T, d)
    dh0: dJ/dh0, shape (1, H)
    """
    raise NotImplementedError("backward is not written yet")
