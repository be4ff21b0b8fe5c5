"""How a process gives up resources, identity and privileges for good. Outside Linux only `limits_to_set` may be called."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from typing import Any

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_OPEN_FILES = 16

# Looked up here: a child that does it itself pays a third of a millisecond in page faults.
_PRCTL: Any = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)

Limit = tuple[int, tuple[int, int]]  # which, and its soft and hard value: what `resource.setrlimit` takes


def limits_to_set(memory_bytes: int, cpu_seconds: int, *, nproc: bool) -> list[Limit]:
    """Limits for this process or a child of it: those that the system has, and none above the current one.

    Args:
        memory_bytes: address space on top of what this process has now (Linux).
        cpu_seconds: after these the process gets SIGXCPU, and SIGKILL a second later.
        nproc: no thread or process can be started. The system exempts root from this.
    """
    wanted = {"RLIMIT_CPU": (cpu_seconds, cpu_seconds + 1)}
    if sys.platform == "linux":
        memory = memory_bytes + address_space()
        wanted["RLIMIT_AS"] = (memory, memory)
    if nproc:
        wanted["RLIMIT_NPROC"] = (0, 0)
    wanted["RLIMIT_NOFILE"] = (_OPEN_FILES, _OPEN_FILES)
    for name in ("RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE"):
        wanted[name] = (0, 0)
    return [_lower(getattr(resource, name), *values) for name, values in wanted.items() if hasattr(resource, name)]


def address_space() -> int:
    """The size of this process's address space in bytes (Linux)."""
    fd = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)  # in a new child open() costs thrice as much
    try:
        return int(os.read(fd, 200).split()[0]) * resource.getpagesize()
    finally:
        os.close(fd)


def drop_identity(uid: int) -> None:
    """Become user and group `uid`, with no other groups and no way back.

    Raises:
        ValueError: `uid` is root, or negative, which the system would take for "unchanged".
        OSError: this process may not change its user.
    """
    if uid <= 0:
        raise ValueError(f"uid: expected a positive number, got {uid}")
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent ends: after `drop_identity`, which clears the request.

    Ends now if the parent is no longer `parent_pid`.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGKILL)


def undumpable() -> None:
    """Leave no core dump, and close /proc/<pid>/mem, environ and ptrace to the same user: after `drop_identity`, too."""
    _prctl(_PR_SET_DUMPABLE, 0)


def no_new_privileges() -> None:
    """Gain nothing from running a program; the condition for Landlock and for a system-call filter."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _lower(limit: int, soft: int, hard: int) -> Limit:
    """The limit, or the current one where that is lower: asking for more would be refused."""
    ceiling = resource.getrlimit(limit)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    return limit, (soft, hard)


def _prctl(option: int, value: int) -> None:
    unused = ctypes.c_ulong(0)
    if _PRCTL(option, ctypes.c_ulong(value), unused, unused, unused) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {option}: {os.strerror(code)}")
