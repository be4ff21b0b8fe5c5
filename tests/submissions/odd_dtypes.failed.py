"""Object, complex (with no imaginary part), bool, text and whole numbers: an answer is real and floating."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


def dJ_dU(s):
    return (s.h.T @ dJ_db2(s)).astype(object)


def dJ_dL_x(s):
    return (dJ_db1(s) @ s.I.T).astype(complex)


def dJ_dI(s):
    return s.e.T @ dJ_db1(s) > 0


def dJ_dH(s):
    return (s.h_prev.T @ dJ_db1(s)).astype(str)


def dJ_dh_prev(s):
    return np.sign(dJ_db1(s) @ s.H.T).astype(int)
