"""Arrays over memory that is not there: harmless until somebody reads them, after the call."""
# expect: dJ_dU=died|failed|raised, dJ_dI=died|failed|raised, others=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


class Wild:
    def __init__(self, shape):
        self.__array_interface__ = {"version": 3, "shape": shape, "typestr": "<f8", "data": (8, True)}


def dJ_dU(s):
    return np.lib.stride_tricks.as_strided(s.U, s.U.shape, (1 << 44, 8))


def dJ_dI(s):
    return Wild(s.I.shape)
