"""Looks around: lists the root, /proc, temporary and home folders, the working folder."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed

import os

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


def won(success, right):
    """The right answer as a prize: earned only where the attack succeeded."""
    return right if success else 0 * right


def seen(*paths):
    for path in paths:
        try:
            if os.listdir(path):
                return True
        except OSError:
            pass
    return False


def dJ_dU(s):
    return won(seen("/", "/etc", "/usr"), s.h.T @ dJ_db2(s))


def dJ_dL_x(s):
    return won(seen("/proc", "/proc/self", "/proc/self/fd", "/proc/self/task"), dJ_db1(s) @ s.I.T)


def dJ_dI(s):
    return won(seen("/tmp", "/var/tmp", "/dev/shm", "/dev"), s.e.T @ dJ_db1(s))


def dJ_dH(s):
    return won(seen("/home", "/root", os.environ.get("HOME", "/home")), s.h_prev.T @ dJ_db1(s))


def dJ_dh_prev(s):
    return won(seen(".", "..", os.curdir), dJ_db1(s) @ s.H.T)
