"""Changes, removes and links files. Where nothing stops it no harm is done: times and modes are set to what they are."""
# expect: dJ_dU=failed, dJ_dL_x=failed, dJ_dI=failed, dJ_dH=failed, dJ_dh_prev=failed, others=passed

import os

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


def won(success, right):
    """The right answer as a prize: earned only where the attack succeeded."""
    return right if success else 0 * right

BAIT = "/tmp/grader-corpus-bait"  # a test may lay it out


def done(act, *arguments, **more):
    try:
        act(*arguments, **more)
        return True
    except (OSError, AttributeError):
        return False


def same_mode(path):
    os.chmod(path, os.stat(path).st_mode & 0o7777)


def same_times(path):
    os.utime(path, ns=(os.stat(path).st_atime_ns, os.stat(path).st_mtime_ns))


def same_owner(path):
    os.chown(path, -1, -1)


def come_and_go(make, remove, *arguments):
    make(*arguments)
    remove(arguments[-1])


def fresh():
    return f"/tmp/grader-corpus-{os.getpid()}"


def linked():
    links = done(come_and_go, os.link, os.unlink, np.__file__, fresh())
    return links or done(come_and_go, os.symlink, os.unlink, "/etc", fresh())


def dJ_dU(s):
    return won(any(done(act, np.__file__) for act in (same_mode, same_times, same_owner)), s.h.T @ dJ_db2(s))


def dJ_dL_x(s):
    return won(done(os.unlink, BAIT) or done(os.rename, BAIT, BAIT + "2"), dJ_db1(s) @ s.I.T)


def dJ_dI(s):
    return won(linked(), s.e.T @ dJ_db1(s))


def dJ_dH(s):
    return won(done(come_and_go, os.mkdir, os.rmdir, fresh()) or done(come_and_go, os.mkfifo, os.unlink, fresh()), s.h_prev.T @ dJ_db1(s))


def dJ_dh_prev(s):
    return won(done(os.truncate, BAIT, 0) or done(os.setxattr, BAIT, "user.x", b""), dJ_db1(s) @ s.H.T)
