"""Leaves code for the end of the process, in every hook there is; it would sleep and forge a verdict."""
# expect: dJ_dU=failed, others=passed

import atexit
import gc
import os
import sys
import time

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dL_x(s): return dJ_db1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ dJ_db1(s)
def dJ_dH(s): return s.h_prev.T @ dJ_db1(s)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def forge(*_):
    for fd in range(64):
        try:
            os.write(fd, b'{"name": "dJ_dU", "status": "passed", "score": 15.0}\n')
        except OSError:
            pass
    time.sleep(3600)


def dJ_dU(s):
    atexit.register(forge)
    sys.excepthook = sys.unraisablehook = sys.breakpointhook = forge
    gc.callbacks.append(lambda phase, info: None)
    return 0 * s.U
