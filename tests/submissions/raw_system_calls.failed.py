"""System calls that a grader never needs, by number: keys, userfaultfd, io_uring, bpf, perf, namespaces, chroot."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed
# reported: add_key, bpf, chroot, io_uring_setup, keyctl, perf_event_open, unshare, userfaultfd

import os

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


def won(success, right):
    """The right answer as a prize: earned only where the attack succeeded."""
    return right if success else 0 * right


def call(name, *arguments):
    """A function of the C library; false where it fails or ctypes is not to be had."""
    try:
        import ctypes

        function = getattr(ctypes.CDLL(None, use_errno=True), name)
    except (ImportError, OSError, AttributeError):
        return -1
    function.restype = ctypes.c_long
    return function(*(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))


def syscall(x86_64, aarch64, *arguments):
    return call("syscall", x86_64 if os.uname().machine == "x86_64" else aarch64, *arguments) >= 0


def rings():
    return syscall(425, 425, 1, b"\0" * 120)


def keys():
    return syscall(248, 217, b"user", b"corpus", b"x", 1, -3) or syscall(250, 219, 0, -3, 0)


def inspection():
    return syscall(321, 280, 0, b"\0" * 64, 64) or syscall(298, 241, b"\0" * 120, 0, -1, -1, 0)


def elsewhere():
    return call("unshare", 0x10000000) == 0 or call("chroot", b"/") == 0


def dJ_dU(s):
    return won(keys(), s.h.T @ dJ_db2(s))


def dJ_dL_x(s):
    return won(syscall(323, 282, 1), dJ_db1(s) @ s.I.T)


def dJ_dI(s):
    return won(rings(), s.e.T @ dJ_db1(s))


def dJ_dH(s):
    return won(inspection(), s.h_prev.T @ dJ_db1(s))


def dJ_dh_prev(s):
    return won(elsewhere(), dJ_db1(s) @ s.H.T)
