"""Raises its own limits, becomes root again, and takes back what prctl has forbidden."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed
# reported: prctl, setgroups, setresuid, setuid

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


def done(act, *arguments):
    try:
        act(*arguments)
        return True
    except (OSError, ValueError, ImportError):
        return False


def lifted(pid):
    """Whether a limit that there was could be taken away."""
    import resource

    free = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    for limit in (getattr(resource, "RLIMIT_" + name) for name in "AS CPU FSIZE NPROC NOFILE CORE MEMLOCK".split()):
        if resource.getrlimit(limit)[1] != resource.RLIM_INFINITY:
            if done(resource.prlimit, pid, limit, free) or pid == 0 and done(resource.setrlimit, limit, free):
                return True
    raise ValueError("not one")


def dJ_dU(s):
    return won(done(lifted, 0), s.h.T @ dJ_db2(s))


def dJ_dL_x(s):
    return won(done(lifted, os.getppid()), dJ_db1(s) @ s.I.T)


def dJ_dI(s):
    return won(0 in (call("prctl", 4, 1, 0, 0, 0), call("prctl", 22, 0, 0, 0, 0), call("prctl", 1, 0, 0, 0, 0)), s.e.T @ dJ_db1(s))


def dJ_dH(s):
    return won(done(os.setuid, 0) or done(os.seteuid, 0) or done(os.setgroups, [0]), s.h_prev.T @ dJ_db1(s))


def dJ_dh_prev(s):
    return won(done(os.nice, -5) or done(os.setpriority, os.PRIO_PROCESS, 0, -5), dJ_db1(s) @ s.H.T)
