"""Run a system-call filter without a kernel: classic BPF over `struct seccomp_data`, as little of it as filters use.

Whatever the kernel's own checker would refuse to load raises `BadProgram`.
"""

from __future__ import annotations

import functools
import struct
from dataclasses import dataclass

KILL_PROCESS, ERRNO, NOTIFY, ALLOW = 0x80000000, 0x00050000, 0x7FC00000, 0x7FFF0000
X86_64, I386, AARCH64, ARM = 0xC000003E, 0x40000003, 0xC00000B7, 0x40000028

_LOAD, _AND, _RETURN, _JUMP = 0x20, 0x54, 0x06, 0x05
_CONDITIONS = {
    0x15: lambda accumulator, operand: accumulator == operand,
    0x25: lambda accumulator, operand: accumulator > operand,
    0x35: lambda accumulator, operand: accumulator >= operand,
    0x45: lambda accumulator, operand: accumulator & operand != 0,
}
_MAX_INSTRUCTIONS = 4096


class BadProgram(Exception):
    """The kernel would not load this filter."""


@dataclass(frozen=True)
class Verdict:
    """What the filter answers: `action` is one of ALLOW, ERRNO, NOTIFY, KILL_PROCESS; `errno` is 0 but for ERRNO.

    `steps` counts the instructions that were run.
    """

    action: int
    errno: int
    points: int


@functools.cache
def check(program: bytes) -> list[tuple[int, int, int, int]]:
    """The instructions as (code, jump if true, jump if false, operand).

    Raises:
        BadProgram: an unknown instruction, a load outside the data, or a way past the end.
    """
    if not program or len(program) % 8 or len(program) > 8 * _MAX_INSTRUCTIONS:
        raise BadProgram(f"{len(program)} bytes")
    lines = list(struct.iter_unpack("<HBBI", program))
    for here, (code, yes, no, operand) in enumerate(lines):
        after = {_RETURN: [], _JUMP: [operand], _LOAD: [0], _AND: [0]}.get(code)
        if code in _CONDITIONS:
            after = [yes, no]
        if after is None:
            raise BadProgram(f"instruction {here}: unknown code {code:#x}")
        if any(here + 1 + distance >= len(lines) for distance in after):
            raise BadProgram(f"instruction {here}: leads past the end")
        if code == _LOAD and (operand % 4 or operand > 60):
            raise BadProgram(f"instruction {here}: loads from {operand}")
    return lines


def run(program: bytes, arch: int, number: int, *arguments: int) -> Verdict:
    """The verdict on system call `number` of `arch` with 64-bit `arguments`; those not given are zero."""
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<IIQ6Q", number, arch, 0, *(value % 2**64 for value in padded))
    lines = check(program)
    accumulator, here, points = 0, 0, 0
    while True:
        code, yes, no, operand = lines[here]
        here, points = here + 1, points + 1
        if code == _RETURN:
            return Verdict(operand & 0xFFFF0000, operand & 0xFFFF, points)
        if code == _LOAD:
            (accumulator,) = struct.unpack_from("<I", data, operand)
        elif code == _AND:
            accumulator &= operand
        elif code == _JUMP:
            here += operand
        else:
            here += yes if _CONDITIONS[code](accumulator, operand) else no
