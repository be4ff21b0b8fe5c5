"""Run a program on a kernel that lacks something: `python deny.py landlock,seccomp PROGRAM ARGS...`.

A filter makes the system calls in question fail, for the program and everything that it starts.
"""

import ctypes
import os
import struct
import sys

ENOSYS, EPERM, EINVAL = 38, 1, 22
CALLS = {
    "x86_64": {"landlock": (444, 445, 446), "seccomp": (317,), "prctl": 157},
    "aarch64": {"landlock": (444, 445, 446), "seccomp": (277,), "prctl": 167},
}
_LOAD, _JEQ, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_NEW_LISTENER = 8


def program(denied):
    """The filter as bytes."""
    calls = CALLS[os.uname().machine]
    instructions = [(_LOAD, 0, 0, 0)]
    if "landlock" in denied:
        for number in calls["landlock"]:
            instructions += [(_JEQ, 0, 1, number), (_RETURN, 0, 0, _ERRNO | ENOSYS)]
    if "seccomp" in denied:
        for number in calls["seccomp"]:
            instructions += [(_JEQ, 0, 1, number), (_RETURN, 0, 0, _ERRNO | EPERM)]
        instructions += [
            (_JEQ, 0, 3, calls["prctl"]),
            (_LOAD, 0, 0, 16),
            (_JEQ, 0, 1, _PR_SET_SECCOMP),
            (_RETURN, 0, 0, _ERRNO | EPERM),
        ]
    if "listener" in denied:  # a kernel before 5.0
        for number in calls["seccomp"]:
            instructions += [
                (_LOAD, 0, 0, 0),
                (_JEQ, 0, 3, number),
                (_LOAD, 0, 0, 24),
                (_JEQ, 0, 1, _NEW_LISTENER),
                (_RETURN, 0, 0, _ERRNO | EINVAL),
            ]
    instructions.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in instructions), len(instructions)


def main():
    denied, *command = sys.argv[1:]
    code, count = program(denied.split(","))
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(code, len(code))
    prog = struct.pack("HxxxxxxP", count, ctypes.addressof(buffer))
    holder = ctypes.create_string_buffer(prog, len(prog))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_PR_SET_SECCOMP, 2, holder, 0, 0):
        sys.exit(f"the filter was refused: {os.strerror(ctypes.get_errno())}")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
