"""Build and install the system-call filter of a child, on x86_64 and aarch64.

The filter is an allow-list. What is not listed fails with EPERM, so honest code sees an ordinary exception
and hostile code gets nothing; a call made through another calling convention kills the process. The child
cannot start a thread or a process, signal anyone, open a socket, find or open a file or make new code executable.
Calls that no honest file makes are refused by a supervisor instead, who learns of them (see reported.py).

`abort()` still ends the process: tgkill to itself is refused, and the C library falls through to a trap.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import struct
import sys

from grader.sandbox.shared.reported import REPORTED

# Tables of system calls: name, number on x86_64, number on aarch64 ("-" where it never had the call).
_COLUMNS = {"x86_64": 1, "aarch64": 2}

# Deadlines are also kept from outside, so a child may change its signal handlers. But it sets no timers: a signal at the
# right moment would take back a call before the supervisor has received it.
_ALLOWED = """
    read 0 63            write 1 64           readv 19 65            writev 20 66         pread64 17 67
    lseek 8 62           close 3 57           fstat 5 80
    poll 7 -             ppoll 271 73         select 23 -            pselect6 270 72
    munmap 11 215        mremap 25 216        madvise 28 233         brk 12 214
    rt_sigaction 13 134  rt_sigreturn 15 139  rt_sigprocmask 14 135  sigaltstack 131 132
    getitimer 36 102     restart_syscall 219 128
    futex 202 98         sched_yield 24 124   nanosleep 35 101       clock_nanosleep 230 115
    clock_gettime 228 113  clock_getres 229 114  gettimeofday 96 169  time 201 -          getrandom 318 278
    getpid 39 172        getppid 110 173      gettid 186 178         getuid 102 174       geteuid 107 175
    getgid 104 176       getegid 108 177      getcwd 79 17           uname 63 160         sched_getaffinity 204 123
    getrusage 98 165     times 100 153        sysinfo 99 179         exit 60 93           exit_group 231 94
"""
# With this the listener is handed over; a child has no socket left to use it on.
_ALLOWED_TO_LISTEN = "sendmsg 46 211"
# There is no file in a child's world. Python takes EPERM for a file that is there: `Path.exists` would raise.
# fstat() of some C libraries is newfstatat, or statx, which could also be given a path: it is unavailable there.
_NOT_FOUND = """
    stat 4 -  lstat 6 -  newfstatat 262 79  statx 332 291  readlink 89 -  readlinkat 267 78
    access 21 -  faccessat 269 48  faccessat2 439 439
"""
_CHECKED = """
    mmap 9 222  mprotect 10 226  fcntl 72 25  prlimit64 302 261  open 2 -  openat 257 56
    socket 41 198  clone 56 220  prctl 157 167
"""
# On "no such call" the C library falls back to an older one, whose arguments a filter can see.
_NOT_IMPLEMENTED = "clone3 435 435  openat2 437 437"
# isatty() is False, and CPython takes ENOTTY, not EPERM, as the sign to use fcntl for close-on-exec.
_NOT_A_TERMINAL = "ioctl 16 29"

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000

# O_NONBLOCK, O_NOCTTY and O_CLOEXEC, then O_NOFOLLOW and O_LARGEFILE, which differ. Reading is the absence of a flag.
_READING_FLAGS = {"x86_64": 0o2004400 | 0o400000 | 0o100000, "aarch64": 0o2004400 | 0o100000 | 0o400000}
_PROT_EXEC = 4
_F_GETFD, _F_SETFL = 1, 4
_AF_UNIX = 1
_CLONE_VM = 0x100  # memory is shared, as with a thread, or a process that is about to become another program
# Undo or replace what the sandbox has done: PDEATHSIG, DUMPABLE, SECCOMP, SUBREAPER and PTRACER.
_PRCTL_UNDOING = (1, 4, 22, 36, 0x59616D61)

_LOAD, _RETURN = 0x20, 0x06
_EQUAL, _GREATER, _AT_LEAST, _ANY_BIT = 0x15, 0x25, 0x35, 0x45
_KILL_PROCESS, _ERRNO, _NOTIFY, _ALLOW = 0x80000000, 0x00050000, 0x7FC00000, 0x7FFF0000
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16

# Looked up here: a child that does it itself pays a third of a millisecond in page faults.
_LIBC = ctypes.CDLL(None, use_errno=True)
_SYSCALL = _LIBC.syscall
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_MODE_FILTER, _NEW_LISTENER = 1, 8
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


class _Assembler:
    """Instructions with labels for jump targets; an empty target means the next instruction."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, int, str, str]] = []
        self._labels: dict[str, int] = {}

    def label(self, name: str) -> None:
        self._labels[name] = len(self._lines)

    def emit(self, code: int, operand: int, yes: str = "", no: str = "") -> None:
        self._lines.append((code, operand, yes, no))

    def load_argument(self, index: int, *, high: bool = False) -> None:
        """Load one half of a system call's argument: both architectures are little-endian."""
        self.emit(_LOAD, _ARGUMENTS_AT + 8 * index + 4 * high)

    def assemble(self) -> bytes:
        def distance(here: int, target: str) -> int:
            return self._labels[target] - here - 1 if target else 0

        return b"".join(
            struct.pack("<HBBI", code, distance(here, yes), distance(here, no), operand)
            for here, (code, operand, yes, no) in enumerate(self._lines)
        )


@functools.cache
def supported_machine() -> str | None:
    """The name of this machine's system-call table, or None where there is none (as for a 32-bit Python)."""
    machine = os.uname().machine
    return machine if sys.platform == "linux" and sys.maxsize > 2**32 and machine in _COLUMNS else None


def program(machine: str, *, listened: bool) -> bytes:
    """The filter for `machine` as packed `struct sock_filter`.

    No library can be loaded under it, so all imports must have been made.

    Args:
        machine: `x86_64` or `aarch64`.
        listened: a supervisor answers the calls of reported.py; without one they are refused like all others.

    Raises:
        ValueError: there is no table for `machine`.
    """
    if machine not in _COLUMNS:
        raise ValueError(f"no system-call table for {machine!r}")
    asm = _Assembler()
    asm.emit(_LOAD, _ARCH_AT)
    asm.emit(_EQUAL, _AUDIT_ARCH[machine], no="kill")
    asm.emit(_LOAD, _NUMBER_AT)
    _search(asm, _runs(_targets(machine, listened)))
    _check_arguments(asm, _READING_FLAGS[machine])
    actions = {
        "allow": _ALLOW,
        "report": _NOTIFY if listened else _ERRNO | errno.EPERM,
        "deny": _ERRNO | errno.EPERM,
        "not found": _ERRNO | errno.ENOENT,
        "not implemented": _ERRNO | errno.ENOSYS,
        "not a terminal": _ERRNO | errno.ENOTTY,
        "kill": _KILL_PROCESS,
    }
    for label, action in actions.items():
        asm.label(label)
        asm.emit(_RETURN, action)
    assembled = asm.assemble()
    _for_kernel(assembled)  # made and kept here, in the parent: a new child pays for each page that it touches
    return assembled


def install(program: bytes, *, listened: bool = False) -> int | None:
    """Put this process under `program` for good. no_new_privs must be set.

    Returns:
        If it is `listened` to, the descriptor on which a supervisor receives reported calls.

    Raises:
        OSError: the kernel refused; before Linux 5.0 it knows no supervisors.
    """
    filters = ctypes.byref(_for_kernel(program))
    machine = supported_machine()
    if machine:
        result = _SYSCALL(_SECCOMP[machine], _SET_MODE_FILTER, _NEW_LISTENER if listened else 0, filters)
        if result >= 0:
            return result if listened else None
    if listened or _LIBC.prctl(_PR_SET_SECCOMP, _MODE_FILTER, filters) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"seccomp: {os.strerror(code)}")
    return None


def names(machine: str) -> dict[int, str]:
    """The reported calls of `machine`: number -> name."""
    return {number: name for table in REPORTED.values() for name, number in _of(machine, table)}


def _of(machine: str, table: str) -> list[tuple[str, int]]:
    """The calls of a table that `machine` has: (name, number)."""
    words = table.split()
    pairs = zip(words[::3], words[_COLUMNS[machine] :: 3], strict=True)
    return [(name, int(number)) for name, number in pairs if number != "-"]


@functools.cache
def _for_kernel(program: bytes) -> _FilterProgram:
    return _FilterProgram(len(program) // 8, program)


def _targets(machine: str, listened: bool) -> dict[int, str]:
    """System-call number -> label; a call with a check has one of its own, and what is left out is denied."""
    groups = [
        (_ALLOWED, "allow"),
        (_NOT_FOUND, "not found"),
        (_NOT_IMPLEMENTED, "not implemented"),
        (_NOT_A_TERMINAL, "not a terminal"),
    ]
    if listened:
        groups += [(_ALLOWED_TO_LISTEN, "allow"), *((table, "report") for table in REPORTED.values())]
    targets = {number: label for table, label in groups for _, number in _of(machine, table)}
    return targets | {number: name for name, number in _of(machine, _CHECKED)}


def _runs(targets: dict[int, str]) -> list[tuple[int, str]]:
    """Cut the numbers into runs of one label each: (first number, label); a run ends where the next begins."""
    runs = [(0, targets.get(0, "deny"))]
    for number in sorted({edge for known in targets for edge in (known, known + 1)}):
        label = targets.get(number, "deny")
        if label != runs[-1][1]:
            runs.append((number, label))
    # An x86_64 kernel may know every call a second time under the x32 bit; elsewhere no such number exists.
    return [*runs, (_X32_BIT, "kill")]


def _search(asm: _Assembler, runs: list[tuple[int, str]]) -> None:
    """Emit a binary search of the loaded number: a kernel that runs the filter for each call needs fewer steps."""
    halves = runs[: len(runs) // 2], runs[len(runs) // 2 :]
    below, above = (half[0][1] if len(half) == 1 else f"{half[0][0]} to {half[-1][0]}" for half in halves)
    asm.emit(_AT_LEAST, halves[1][0][0], above, below)
    for half, label in zip(halves, (below, above), strict=True):
        if len(half) > 1:
            asm.label(label)
            _search(asm, half)


def _check_arguments(asm: _Assembler, reading_flags: int) -> None:
    """Emit the checks of the calls that are allowed, refused or reported depending on their arguments."""

    def check(name: str, argument: int, test: int, operand: int, yes: str = "", no: str = "") -> None:
        asm.label(name)
        asm.load_argument(argument)
        asm.emit(test, operand, yes, no)

    # Memory is never executable: no file can be opened, so there is no library left to map.
    check("mmap", 2, _ANY_BIT, _PROT_EXEC, "deny", "allow")
    check("mprotect", 2, _ANY_BIT, _PROT_EXEC, "deny", "allow")
    # No file exists to read, and none may be written.
    check("open", 1, _ANY_BIT, 0xFFFFFFFF ^ reading_flags, "deny", "not found")
    check("openat", 2, _ANY_BIT, 0xFFFFFFFF ^ reading_flags, "deny", "not found")
    # fcntl reads and sets flags of descriptors.
    check("fcntl", 1, _AT_LEAST, _F_GETFD, no="deny")
    asm.emit(_GREATER, _F_SETFL, "deny", "allow")
    # prlimit64 is a query: its new limit is NULL.
    check("prlimit64", 2, _EQUAL, 0, no="deny")
    asm.load_argument(2, high=True)
    asm.emit(_EQUAL, 0, "allow", "deny")
    # Honest files make these three, too: all are refused, and only the others are reported.
    check("socket", 0, _EQUAL, _AF_UNIX, "deny", "report")
    check("clone", 0, _ANY_BIT, _CLONE_VM, "deny", "report")
    check("prctl", 0, _EQUAL, _PRCTL_UNDOING[0], "report")
    for option in _PRCTL_UNDOING[1:]:
        asm.emit(_EQUAL, option, yes="report")
    asm.emit(_RETURN, _ERRNO | errno.EPERM)
