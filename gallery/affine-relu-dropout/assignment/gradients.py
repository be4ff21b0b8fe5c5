"""The backward functions of three layers: yours to derive and to write.  This is the file to submit.

Each function gets the gradient of J with respect to the output of its layer, and what the layer kept in its forward
pass.  It returns the gradients with respect to the inputs of the layer as new numpy arrays.

    x     (N, D)    mask  (N, M)    a    (N, M)
    w     (D, M)    p     a number  h    (N, M)
    b     (M,)      dout  (N, M)    out  (N, M)

A gradient has the shape of what you differentiate with respect to.  You may write functions of your own.
Import numpy or the standard library if you need them, nothing else.  Do not change the arrays that you are given.
"""

import numpy as np


def dropout_backward(dout, dropout_cache):
    """Returns dh.

    dh: dJ/dh, shape (N, M)
    """
    mask, p = dropout_cache
    raise NotImplementedError("dropout_backward is not written yet")


def relu_backward(dh, a):
    """Returns da.

    da: dJ/da, shape (N, M)
    """
    raise NotImplementedError("relu_backward is not written yet")


def affine_backward(da, affine_cache):
    """Returns (dx, dw, db), or a dict with these names.

    dx: dJ/dx, shape (N, D)
    dw: dJ/dw, shape (D, M)
    db: dJ/db, shape (M,)
    """
    x, w, b = affine_cache
    raise NotImplementedError("affine_backward is not written yet")
