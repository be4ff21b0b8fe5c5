"""Clipped, rounded, normalised, in half precision: right before, wrong after."""
# expect: dJ_dU=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T


def dJ_dU(s):
    return np.clip(s.h.T @ dJ_db2(s), -0.05, 0.05)


def dJ_dI(s):
    return np.round(s.e.T @ dJ_db1(s), 3)


def dJ_dH(s):
    g = s.h_prev.T @ dJ_db1(s)
    return g / np.linalg.norm(g)


def dJ_dh_prev(s):
    return (dJ_db1(s) @ s.H.T).astype(np.float16)
