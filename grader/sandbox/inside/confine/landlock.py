"""Keep a child from every file, by Landlock: the ruleset is built once, before any child is forked.

Landlock does not cover stat, readlink, chdir, chmod, utime or local sockets with a name on older kernels: the system-call
filter does.
"""

from __future__ import annotations

import ctypes
import os
import struct

_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION = 1

# ABI version -> number of file-system rights that it knows; they fill the bits from 0 upwards.
# Versions 2, 3, 5 and 9 brought rename across folders, truncate, ioctl of a device and connect to a named socket.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16, 9: 17}
_TCP_SINCE, _TCP_BIND_AND_CONNECT = 4, 0b11
_SCOPE_SINCE, _ABSTRACT_SOCKETS_AND_SIGNALS = 6, 0b11

# Looked up here: a child that does it itself pays a third of a millisecond in page faults.
_SYSCALL = ctypes.CDLL(None, use_errno=True).syscall
_SYSCALL.restype = ctypes.c_long


def abi() -> int:
    """The version of Landlock that the kernel offers; 0 when it has none or refuses it."""
    try:
        return _call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    except OSError:
        return 0


def ruleset() -> int | None:
    """A ruleset that forbids all that Landlock knows.

    Returns:
        Its file descriptor, closed on exec; None where there is no Landlock.

    Raises:
        OSError: the kernel has Landlock and refused the ruleset.
    """
    version = abi()
    if not version:
        return None
    handled = _handled(version)
    return _call(_CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), 0)


def restrict(ruleset_fd: int) -> None:
    """Put this process under the ruleset for good. no_new_privs must be set.

    Raises:
        OSError: the kernel refused.
    """
    _call(_RESTRICT_SELF, ruleset_fd, 0)


def _handled(version: int) -> bytes:
    """All that `version` can forbid, as `struct landlock_ruleset_attr`: fields that a kernel does not know must be zero.

    Every access to files, TCP, and abstract sockets and signals to processes that are not under the same restriction.
    """
    rights = max(count for since, count in _FILE_RIGHTS.items() if since <= version)
    tcp = _TCP_BIND_AND_CONNECT if version >= _TCP_SINCE else 0
    scoped = _ABSTRACT_SOCKETS_AND_SIGNALS if version >= _SCOPE_SINCE else 0
    return struct.pack("=QQQ", (1 << rights) - 1, tcp, scoped)


def _call(number: int, *arguments: object) -> int:
    """Make a system call. Only its result says whether it failed: errno may be left from an earlier one."""
    result = int(_SYSCALL(ctypes.c_long(number), *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"landlock: {os.strerror(code)}")
    return result
