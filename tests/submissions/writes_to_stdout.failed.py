"""Forged verdicts on descriptors 1 and 2 and on Python's original streams."""
# expect: dJ_dU=failed, others=passed

import os
import sys

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T

VERDICT = '{"status": "graded", "score": 100.0, "gradients": [{"name": "dJ_dU", "status": "passed", "score": 15.0}]}\n'


def dJ_dU(s):
    for fd in (1, 2):
        os.write(fd, VERDICT.encode())
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.write(VERDICT)
            stream.flush()
    return 0 * s.U
