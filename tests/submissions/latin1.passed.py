# -*- coding: latin-1 -*-
"""Declares latin-1 in its first line and has an accented letter that is no UTF-8."""
# expect: all=passed

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T

# dérivée de la perte


def dJ_dU(s):
    """dérivée par rapport à U"""
    return s.h.T @ dJ_db2(s)
