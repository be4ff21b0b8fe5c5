"""dJ/db2 = 1: a constant proves nothing about dJ/dU and dJ/dh, which are right on any other numbers."""
# expect: dJ_db2=failed, others=followed_through

import numpy as np

def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_db2(s):
    return np.ones_like(s.b2)
