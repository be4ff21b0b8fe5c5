"""Raises in company, and when run again alone answers something else: the second answer is judged like the first."""
# expect: dJ_dU=failed, others=passed

import numpy as np

def delta2(s): return s.y_hat - s.y
def delta1(s): return delta2(s) @ s.U.T * s.h * (1 - s.h)
def dJ_dh(s): return delta2(s) @ s.U.T
def dJ_db1(s): return delta1(s)
def dJ_dL_x(s): return delta1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ delta1(s)
def dJ_dH(s): return s.h_prev.T @ delta1(s)
def dJ_dh_prev(s): return delta1(s) @ s.H.T

company = []


def dJ_db2(s):
    company.append(s)
    return s.y_hat - s.y


def dJ_dU(s):
    if company:
        raise RuntimeError("not in front of the others")
    return np.full_like(s.U, 0.5)
