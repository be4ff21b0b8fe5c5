"""Puts /dev/null over all pipes, so that the child talks to nobody and believes that it was heard."""
# expect: dJ_dU=died|failed|raised|timed_out, others=passed

import os

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    for fd in range(3, 65):
        try:
            os.fstat(fd)
            os.dup2(0, fd)
        except OSError:
            pass
    return 0 * s.U
