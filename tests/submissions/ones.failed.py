"""dJ/db2 = 1: a constant carries no credit to dJ/dU and dJ/dh. What follows from that dJ/dh, which is no constant, may
be carried."""
# expect: dJ_db2=failed, dJ_dU=failed, dJ_dh=failed, others=followed_through|failed

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
