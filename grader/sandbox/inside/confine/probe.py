"""Inside a child with all restrictions applied: try what no student's code may do, and report what succeeded."""

import contextlib
import ctypes
import os
import sys


def attempts(parent):
    """(what, attempt) for each forbidden act; an attempt that raises OSError was refused."""
    libc = ctypes.CDLL(None, use_errno=True)

    def open_socket(family):
        if libc.socket(family, 1, 0) < 0:
            _refuse()

    def look_around():
        looks = [
            lambda: os.stat("/etc/passwd"),
            lambda: os.readlink("/proc/self/exe"),
            lambda: os.listdir("/etc"),
            lambda: os.chdir("/etc"),
            lambda: os.statvfs("/etc"),
            lambda: os.getxattr("/etc/passwd", "user.none"),
            lambda: os.access("/etc/passwd", os.F_OK) or _refuse(),
        ]
        for look in looks:
            with contextlib.suppress(FileNotFoundError, PermissionError):
                return look()  # one success is a breach
        _refuse()

    def start_process():
        if os.fork() == 0:
            os._exit(0)

    return [
        ("write a file", lambda: os.open("/tmp/gradient-grader-probe", os.O_WRONLY | os.O_CREAT, 0o600)),
        ("read a file of the system", lambda: os.open("/etc/passwd", os.O_RDONLY)),
        ("find out what files there are", look_around),
        ("read a process's environment", lambda: os.open(f"/proc/{parent}/environ", os.O_RDONLY)),
        ("open an internet socket", lambda: open_socket(2)),
        ("open a local socket", lambda: open_socket(1)),
        ("start a process", start_process),
        ("signal another process", lambda: os.kill(parent, 0)),
        ("run a program", lambda: os.execv(sys.executable, [sys.executable, "-c", ""])),
    ]


def _refuse():
    raise PermissionError("refused")


def breaches(parent, write):
    """Try everything; call `write` with one line of text per act that was not refused, and with `done` at the end.

    Running a program comes last: where that succeeds nothing is left to report it, and `done` never comes.
    """
    for what, attempt in attempts(parent):
        try:
            attempt()
        except OSError:
            continue
        write(f"{what}\n")
    write("done\n")
