"""Returns wrong numbers whose finalizer loops: they are let go inside the grader's own code."""
# expect: dJ_dU=timed_out|failed|died, others=passed

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


class Sticky(np.ndarray):
    def __del__(self):
        while True:
            pass


def dJ_dU(s):
    return (0.5 * s.U).view(Sticky)
