"""Decorated functions with default and keyword arguments, annotations and assertions of their own."""
# expect: all=passed

import functools

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def has_shape_of(name):
    def decorate(function):
        @functools.wraps(function)
        def wrapped(s, *args, **kwargs):
            gradient = function(s, *args, **kwargs)
            assert gradient.shape == getattr(s, name).shape, f"{function.__name__}: {gradient.shape}"
            return gradient

        return wrapped

    return decorate


@has_shape_of("U")
def dJ_dU(s, verbose=False, *, scale: float = 1.0) -> np.ndarray:
    if verbose:
        print(s.h)
    return scale * (s.h.T @ dJ_db2(s))


@has_shape_of("H")
def dJ_dH(s: "Step", axis: int = 0, **rest) -> "np.ndarray":
    assert 0 < s.h_prev.min() and not rest
    return s.h_prev.T @ dJ_db1(s)
