"""Takes sys.stdout away, or puts something in its place that raises whatever is asked of it."""
# expect: dJ_dU=failed|raised|died, dJ_dI=failed|raised|died, others=passed

import sys

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


class Nasty:
    def __getattribute__(self, name):
        raise SystemExit(name)


def dJ_dU(s):
    sys.stdout = sys.stderr = sys.stdin = None
    return 0 * s.U


def dJ_dI(s):
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Nasty()
    return 0 * s.I
