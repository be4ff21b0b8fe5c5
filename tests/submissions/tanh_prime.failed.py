"""1 - h**2, the derivative of tanh, in the place of the sigmoid's."""
# expect: dJ_db1=failed, dJ_db2=passed, dJ_dU=passed, dJ_dh=passed, others=followed_through

import numpy as np

def dJ_db2(s): return np.subtract(s.y_hat, s.y)
def dJ_dU(s): return np.outer(s.h, dJ_db2(s))
def dJ_dh(s): return np.dot(dJ_db2(s), s.U.T)
def dJ_dL_x(s): return np.dot(dJ_db1(s), s.I.T)
def dJ_dI(s): return np.outer(s.e, dJ_db1(s))
def dJ_dH(s): return np.outer(s.h_prev, dJ_db1(s))
def dJ_dh_prev(s): return np.dot(dJ_db1(s), s.H.T)


def dJ_db1(s):
    return dJ_dh(s) * (1 - s.h**2)
