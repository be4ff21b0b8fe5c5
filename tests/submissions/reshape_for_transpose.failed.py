"""Makes the shapes fit by reshape, which keeps the order in memory: right shape, shuffled numbers."""
# expect: dJ_dh=failed, dJ_dL_x=failed, dJ_dh_prev=failed, others=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)


def dJ_dh(s):
    V, Dh = s.U.shape[::-1]
    return dJ_db2(s) @ s.U.reshape(V, Dh)


def dJ_db1(s):
    return dJ_db2(s) @ s.U.T * s.h * (1 - s.h)


def dJ_dL_x(s):
    d, Dh = s.I.shape
    return dJ_db1(s) @ np.reshape(s.I, (Dh, d))


def dJ_dh_prev(s):
    return dJ_db1(s) @ s.H.reshape(-1, s.H.shape[0])
