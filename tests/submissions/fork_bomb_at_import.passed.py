"""A small fork bomb at the end: the first fork is refused, the functions defined before are called, and staff see a flag."""
# expect: all=passed
# reported: clone

import os
import time

def dJ_db2(s): return s.y_hat - s.y
def dJ_dU(s): return s.h.T @ dJ_db2(s)
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T

for _ in range(64):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
