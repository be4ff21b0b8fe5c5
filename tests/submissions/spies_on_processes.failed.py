"""Looks into its parent: ptrace, process_vm_readv, a copy of its descriptors; the parent has the same addresses after a
fork."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed
# reported: kcmp, pidfd_open, process_vm_readv, ptrace

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


def vm(name):
    import ctypes

    here = ctypes.create_string_buffer(8)
    pair = (ctypes.c_void_p * 2)(ctypes.addressof(here), 8)
    there = (ctypes.c_void_p * 2)(id(None), 8)
    return call(name, os.getppid(), ctypes.byref(pair), 1, ctypes.byref(there), 1, 0) > 0


def tried(attack, *arguments):
    try:
        return attack(*arguments)
    except ImportError:
        return False


def dJ_dU(s):
    return won(call("ptrace", 0, 0, 0, 0) == 0, s.h.T @ dJ_db2(s))


def dJ_dL_x(s):
    return won(call("ptrace", 0x4206, os.getppid(), 0, 0) == 0, dJ_db1(s) @ s.I.T)


def dJ_dI(s):
    return won(tried(vm, "process_vm_readv"), s.e.T @ dJ_db1(s))


def dJ_dH(s):
    return won(syscall(434, 434, os.getppid(), 0), s.h_prev.T @ dJ_db1(s))


def dJ_dh_prev(s):
    return won(syscall(312, 272, os.getpid(), os.getppid(), 0, 0, 0), dJ_db1(s) @ s.H.T)
