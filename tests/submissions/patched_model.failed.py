"""Replaces the model by one with J = 0, where a zero gradient would be right: no expected value may come from this
process."""
# expect: dJ_dU=failed, dJ_dI=failed, others=passed

import model

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    model.J = lambda y, y_hat: 0.0 * (y * y_hat).sum()
    model.sigmoid = model.softmax = lambda a: a
    return 0 * s.U


def dJ_dI(s):
    model.e = lambda L, x: 0 * L[[x]]
    type(s).__getattr__ = lambda self, name: None
    return 0 * s.I
