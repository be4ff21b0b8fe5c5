"""Kills its parent, and asks by signal 0 whether it could kill everybody, a group, or by a pidfd."""
# expect: dJ_dU=raised, dJ_dL_x=raised, dJ_dI=raised, dJ_dH=raised, others=passed
# reported: kill, pidfd_open

import os
import signal

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    os.kill(os.getppid(), signal.SIGKILL)
    return s.h.T @ dJ_db2(s)


def dJ_dL_x(s):
    os.kill(-1, 0)
    return dJ_db1(s) @ s.I.T


def dJ_dI(s):
    os.killpg(os.getpgid(os.getppid()), 0)
    return s.e.T @ dJ_db1(s)


def dJ_dH(s):
    signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 0)
    return s.h_prev.T @ dJ_db1(s)
