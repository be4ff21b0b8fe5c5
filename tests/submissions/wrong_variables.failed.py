"""z for h in dJ/dU, the next word's vector for e in dJ/dI, h for h_prev in dJ/dH: right rule, wrong ingredient."""
# expect: dJ_dU=failed, dJ_dI=failed, dJ_dH=failed, others=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    return s.z.T @ dJ_db2(s)


def dJ_dI(s):
    return s.L[[np.argmax(s.y)]].T @ dJ_db1(s)


def dJ_dH(s):
    return s.h.T @ dJ_db1(s)
