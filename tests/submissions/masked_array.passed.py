"""Returns numpy's masked arrays with nothing masked: the numbers are all there and right."""
# expect: all=passed

import numpy as np

def delta2(s): return s.y_hat - s.y
def delta1(s): return delta2(s) @ s.U.T * s.h * (1 - s.h)
def dJ_db1(s): return delta1(s)
def dJ_dL_x(s): return delta1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ delta1(s)
def dJ_dH(s): return s.h_prev.T @ delta1(s)
def dJ_dh_prev(s): return delta1(s) @ s.H.T


def dJ_db2(s):
    return np.ma.masked_array(s.y_hat - s.y, mask=False)


def dJ_dU(s):
    return np.ma.dot(s.h.T, dJ_db2(s))


def dJ_dh(s):
    return np.ma.array(delta2(s) @ s.U.T)
