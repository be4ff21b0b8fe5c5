"""Makes numpy raise at every floating-point oddity and turns all warnings into errors: its own code has none."""
# expect: all=passed

import warnings

import numpy as np

def dJ_db2(s): return np.subtract(s.y_hat, s.y)
def dJ_dh(s): return np.dot(dJ_db2(s), s.U.T)
def dJ_db1(s): return np.multiply(dJ_dh(s), s.h - s.h**2)
def dJ_dL_x(s): return np.dot(dJ_db1(s), s.I.T)
def dJ_dI(s): return np.outer(s.e, dJ_db1(s))
def dJ_dH(s): return np.outer(s.h_prev, dJ_db1(s))
def dJ_dh_prev(s): return np.dot(dJ_db1(s), s.H.T)

np.seterr(all="raise")
warnings.simplefilter("error")


def dJ_dU(s):
    warnings.simplefilter("error")
    with np.errstate(all="raise"):
        return s.h.T @ dJ_db2(s)
