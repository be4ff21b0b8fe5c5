"""Only the diagonal of the softmax's Jacobian: -y / y_hat * y_hat (1 - y_hat), zero but for the target."""
# expect: dJ_db2=failed, others=followed_through

import numpy as np

def dJ_dU(s): return np.outer(s.h, dJ_db2(s))
def dJ_dh(s): return np.dot(dJ_db2(s), s.U.T)
def dJ_db1(s): return np.multiply(dJ_dh(s), s.h - s.h**2)
def dJ_dL_x(s): return np.dot(dJ_db1(s), s.I.T)
def dJ_dI(s): return np.outer(s.e, dJ_db1(s))
def dJ_dH(s): return np.outer(s.h_prev, dJ_db1(s))
def dJ_dh_prev(s): return np.dot(dJ_db1(s), s.H.T)


def dJ_db2(s):
    return -s.y / s.y_hat * s.y_hat * (1 - s.y_hat)
