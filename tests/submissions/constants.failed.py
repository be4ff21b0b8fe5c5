"""Answers of the right shape that depend on nothing: counted up, all the same, random, the parameter itself."""
# expect: dJ_db2=failed, dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed

import numpy as np

def delta2(s): return s.y_hat - s.y
def delta1(s): return delta2(s) @ s.U.T * s.h * (1 - s.h)
def dJ_dh(s): return delta2(s) @ s.U.T
def dJ_db1(s): return delta1(s)


def dJ_db2(s):
    return np.arange(float(s.b2.size)).reshape(s.b2.shape)


def dJ_dU(s):
    return s.U


def dJ_dL_x(s):
    return np.full(s.e.shape, 0.25)


def dJ_dI(s):
    return np.random.rand(*s.I.shape)


def dJ_dH(s):
    return np.eye(len(s.H))


def dJ_dh_prev(s):
    return np.random.default_rng(0).normal(size=s.h_prev.shape)
