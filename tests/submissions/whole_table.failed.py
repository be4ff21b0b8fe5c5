"""Returns the gradient of all of L, zero but for row x, where only that row is asked for."""
# expect: dJ_dL_x=failed, others=passed

import numpy as np

def dJ_db2(s): return np.subtract(s.y_hat, s.y)
def dJ_dU(s): return np.outer(s.h, dJ_db2(s))
def dJ_dh(s): return np.dot(dJ_db2(s), s.U.T)
def dJ_db1(s): return np.multiply(dJ_dh(s), s.h - s.h**2)
def dJ_dI(s): return np.outer(s.e, dJ_db1(s))
def dJ_dH(s): return np.outer(s.h_prev, dJ_db1(s))
def dJ_dh_prev(s): return np.dot(dJ_db1(s), s.H.T)


def dJ_dL_x(s):
    dL = np.zeros_like(s.L)
    dL[s.x] = dJ_db1(s) @ s.I.T
    return dL
