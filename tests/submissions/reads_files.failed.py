"""Opens system files and what /proc tells of itself and of its parent."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed

import os

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


def won(success, right):
    """The right answer as a prize: earned only where the attack succeeded."""
    return right if success else 0 * right


def readable(*paths):
    for path in paths:
        try:
            with open(path, "rb") as file:
                file.read(1)
                return True
        except OSError:
            pass
    return False


def dJ_dU(s):
    return won(readable("/etc/passwd", "/etc/hostname", "/etc/hosts"), s.h.T @ dJ_db2(s))


def dJ_dL_x(s):
    return won(readable("/proc/self/environ", "/proc/self/maps", "/proc/self/mem", "/proc/self/status"), dJ_db1(s) @ s.I.T)


def dJ_dI(s):
    return won(readable(f"/proc/{os.getppid()}/environ", f"/proc/{os.getppid()}/cmdline"), s.e.T @ dJ_db1(s))


def dJ_dH(s):
    return won(readable(f"/proc/{os.getppid()}/mem", f"/proc/{os.getppid()}/maps"), s.h_prev.T @ dJ_db1(s))


def dJ_dh_prev(s):
    return won(readable("/proc/1/cmdline", "/proc/cpuinfo", "/sys/kernel/notes"), dJ_db1(s) @ s.H.T)
