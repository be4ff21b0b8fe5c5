"""The derivative of the sigmoid from z alone, exp(-z) / (1 + exp(-z))**2: equal to h (1 - h), but not to the last bit."""
# expect: all=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_db1(s):
    a = np.exp(-s.z)
    return dJ_dh(s) * a / (1 + a) ** 2
