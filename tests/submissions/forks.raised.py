"""Forks in four ways; the last makes a daemon that would keep all pipes open. Right answers only where a process
started."""
# expect: dJ_dU=raised, dJ_dL_x=raised, dJ_dI=raised, dJ_dH=raised, others=passed
# reported: clone

import os
import time

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)
def dJ_dh_prev(s): return dJ_db1(s) @ s.H.T


def dJ_dU(s):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return s.h.T @ dJ_db2(s)


def dJ_dL_x(s):
    pid, _ = os.forkpty()
    if pid == 0:
        os._exit(0)
    return dJ_db1(s) @ s.I.T


def dJ_dI(s):
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)
    return s.e.T @ dJ_db1(s)


def dJ_dH(s):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
    return s.h_prev.T @ dJ_db1(s)
