"""An own softmax with + 1e-8 in its denominator: finite differences cannot see it, the reference can."""
# expect: dJ_db2=failed, others=followed_through

import numpy as np

def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def softmax(a):
    exp_a = np.exp(a - a.max())
    return exp_a / (exp_a.sum() + 1e-8)


def dJ_db2(s):
    return softmax(s.h @ s.U + s.b2) - s.y
