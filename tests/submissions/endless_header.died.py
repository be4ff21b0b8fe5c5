"""Announces four gigabytes, sends one byte at a time, and never ends: the reader must not wait or set memory aside."""
# expect: dJ_dU=died|failed|raised|timed_out, others=passed

import os
import time

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    while True:
        for fd in range(3, 65):
            try:
                os.write(fd, b"\xff")
            except OSError:
                pass
        time.sleep(0.01)
