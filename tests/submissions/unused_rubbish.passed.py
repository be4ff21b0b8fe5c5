"""Right answers beside unused attempts that give nan, have wrong shapes, or would raise if they were called."""
# expect: all=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)


def attempt_1(s):
    return s.H.T @ dJ_db1(s)


def dJ_dz(s):
    raise NotImplementedError


class dJ_dW:
    pass


dJ_dtheta = None


def dJ_dh_prev(s):
    first = np.log(-s.h_prev)  # nan
    second = s.h_prev.T + s.h_prev  # (Dh, Dh)
    try:
        attempt_1(s)
    except ValueError:
        pass
    del first, second
    return dJ_db1(s) @ s.H.T
