"""Creates files in every place that is usually open to all; what it makes it removes."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed

import os
import tempfile

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


def won(success, right):
    """The right answer as a prize: earned only where the attack succeeded."""
    return right if success else 0 * right


def written(folder):
    path = os.path.join(folder, f"grader-corpus-{os.getpid()}")
    try:
        with open(path, "w") as file:
            file.write("here")
        os.unlink(path)
        return True
    except OSError:
        return False


def unnamed(folder):
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR))
        return True
    except OSError:
        return False


def temporary():
    try:
        with tempfile.TemporaryFile() as file:
            return bool(file.write(b"here"))
    except OSError:
        return False


def dJ_dU(s):
    return won(written("/tmp") or written("/"), s.h.T @ dJ_db2(s))


def dJ_dL_x(s):
    return won(written("/dev/shm"), dJ_db1(s) @ s.I.T)


def dJ_dI(s):
    return won(written("/var/tmp"), s.e.T @ dJ_db1(s))


def dJ_dH(s):
    return won(written(".") or written(os.path.dirname(np.__file__)), s.h_prev.T @ dJ_db1(s))


def dJ_dh_prev(s):
    return won(unnamed("/tmp") or temporary(), dJ_db1(s) @ s.H.T)
