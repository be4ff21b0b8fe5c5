"""Elementwise, inner and outer products in each other's places; numpy broadcasts all of them without a word."""
# expect: dJ_dU=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, dJ_dL_x=failed, others=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


def dJ_dU(s):
    return s.h @ s.U * dJ_db2(s)


def dJ_dL_x(s):
    return (dJ_db1(s) * s.I).T


def dJ_dI(s):
    return np.sum(dJ_db1(s) @ s.I.T * s.e)


def dJ_dH(s):
    return s.h_prev * dJ_db1(s)


def dJ_dh_prev(s):
    return np.outer(dJ_db1(s), s.h_prev)
