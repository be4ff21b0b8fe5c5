"""Runs other programs in five ways, or replaces itself by one. os.system only returns an error, so that one is
`failed`."""
# expect: dJ_dU=raised, dJ_dL_x=raised, dJ_dI=raised, dJ_dH=failed, dJ_dh_prev=raised, others=passed
# reported: clone, execve

import os

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


def dJ_dU(s):
    import subprocess

    subprocess.run(["/bin/true"], check=True)
    return s.h.T @ dJ_db2(s)


def dJ_dL_x(s):
    os.popen("echo here").read()
    return dJ_db1(s) @ s.I.T


def dJ_dI(s):
    os.execv("/bin/true", ["true"])


def dJ_dH(s):
    right = s.h_prev.T @ dJ_db1(s)
    return right if os.system("true") == 0 else 0 * right


def dJ_dh_prev(s):
    os.spawnv(os.P_WAIT, "/bin/true", ["true"])
    return dJ_db1(s) @ s.H.T
