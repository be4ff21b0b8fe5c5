"""Each call stays below its own limit, all together take half a minute: the submission needs a limit of its own."""
# expect: all=passed|timed_out

import time

def delta2(s): return s.y_hat - s.y
def delta1(s): return delta2(s) @ s.U.T * s.h * (1 - s.h)
def dJ_db2(s): return delta2(s)
def dJ_dU(s): return s.h.T @ delta2(s)
def dJ_dh(s): return delta2(s) @ s.U.T
def dJ_db1(s): return delta1(s)
def dJ_dL_x(s): return delta1(s) @ s.I.T
def dJ_dI(s): return s.e.T @ delta1(s)
def dJ_dH(s): return s.h_prev.T @ delta1(s)
def dJ_dh_prev(s): return delta1(s) @ s.H.T


def patient(function):
    def wrapped(s):
        until = time.process_time() + 0.9
        while time.process_time() < until:
            pass
        return function(s)

    return wrapped


for name in "dJ_db2 dJ_dU dJ_dh dJ_db1 dJ_dL_x dJ_dI dJ_dH dJ_dh_prev".split():
    globals()[name] = patient(globals()[name])
