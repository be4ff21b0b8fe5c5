"""Right or plausible numbers in wrong shapes: empty, (n,), (1, 1, n), a column, a number; none may broadcast to right."""
# expect: dJ_db2=passed, dJ_dh=passed, dJ_db1=passed, others=failed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


def dJ_dU(s):
    return np.empty((0, s.U.shape[1]))


def dJ_dL_x(s):
    return (dJ_db1(s) @ s.I.T).ravel()


def dJ_dI(s):
    return float((s.e.T @ dJ_db1(s)).mean())


def dJ_dH(s):
    return (s.h_prev.T @ dJ_db1(s))[np.newaxis]


def dJ_dh_prev(s):
    return s.H @ dJ_db1(s).T
