"""Memory that outlives the process or escapes its limit: System V, POSIX, memfd, queues and semaphores."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed
# reported: memfd_create, msgget, semget, shmget

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


def system_v():
    IPC_PRIVATE, IPC_CREAT, IPC_RMID = 0, 0o1000, 0
    number = call("shmget", IPC_PRIVATE, 4096, IPC_CREAT | 0o600)
    return number >= 0 and call("shmctl", number, IPC_RMID, 0) == 0


def posix():
    try:
        from multiprocessing.shared_memory import SharedMemory

        memory = SharedMemory(create=True, size=4096)
        memory.close()
        memory.unlink()
        return True
    except (ImportError, OSError):
        return False


def memfd():
    try:
        os.close(os.memfd_create("corpus"))
        return True
    except OSError:
        return False


def queue():
    IPC_PRIVATE, IPC_CREAT, IPC_RMID = 0, 0o1000, 0
    number = call("msgget", IPC_PRIVATE, IPC_CREAT | 0o600)
    return number >= 0 and call("msgctl", number, IPC_RMID, 0) == 0


def semaphore():
    IPC_PRIVATE, IPC_CREAT, IPC_RMID = 0, 0o1000, 0
    number = call("semget", IPC_PRIVATE, 1, IPC_CREAT | 0o600)
    return number >= 0 and call("semctl", number, 0, IPC_RMID) == 0


def dJ_dU(s):
    return won(system_v(), s.h.T @ dJ_db2(s))


def dJ_dL_x(s):
    return won(posix(), dJ_db1(s) @ s.I.T)


def dJ_dI(s):
    return won(memfd(), s.e.T @ dJ_db1(s))


def dJ_dH(s):
    return won(queue(), s.h_prev.T @ dJ_db1(s))


def dJ_dh_prev(s):
    return won(semaphore(), dJ_db1(s) @ s.H.T)
