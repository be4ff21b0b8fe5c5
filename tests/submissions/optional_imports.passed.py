"""Imports what is not there, but takes ImportError for an answer: a denied import must be an ImportError."""
# expect: all=passed

import numpy as np

try:
    import torch
except ImportError:
    torch = None

try:
    import matplotlib.pyplot as plt
    from scipy.special import expit
except ModuleNotFoundError:
    plt = expit = None

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    import math
    from functools import reduce

    assert math.prod([2, 3]) == 6
    return reduce(np.dot, [s.h.T, dJ_db2(s)])
