"""What starts children and learns of their ends: `zygotes` on Linux, `freshprocesses` elsewhere.  Knows no jobs.

Imports no numpy, so that a zygote can be starting up while the grader is still loading.
"""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from grader.config.keys import Sandbox as Limits
from grader.sandbox.channel import Channel
from grader.sandbox.shared.importable import BY_WORD, IMPORTABLE_WORDS

_WORD = re.compile(rb"[A-Za-z_0-9]{1,20}")
_IMPORTABLE = frozenset(word.encode("ascii") for word in IMPORTABLE_WORDS)
_PARTS_OF_NUMPY = frozenset(
    word.encode("ascii") for word in IMPORTABLE_WORDS if any(name.startswith("numpy.") for name in BY_WORD[word])
)
_LIMITS = {"win32": "a time limit"}


class Report(msgspec.Struct, frozen=True):
    """What protects the grader on this machine, as found by trying.

    Attributes:
        reports: the kernel reports calls that no honest file makes, even when the file ignores the refusal.
        breaches: the forbidden acts that succeeded in the probe; none if the sandbox is strong.
    """

    platform: str
    uid: bool = False
    landlock: int = 0
    seccomp: bool = False
    chroot: bool = False
    reports: bool = False
    breaches: tuple[str, ...] = ()

    @property
    def strong(self) -> bool:
        return not self.breaches

    def __str__(self) -> str:
        restrictions = [
            "own user" * self.uid,
            f"Landlock {self.landlock}" * bool(self.landlock),
            "seccomp" * self.seccomp,
            "empty root" * self.chroot,
            "watched" * self.reports,
        ]
        listed = ", ".join(filter(None, [_LIMITS.get(self.platform, "resource limits"), *restrictions]))
        failed = f"; a student's code could {', '.join(self.breaches)}" if self.breaches else ""
        return f"{'strong' if self.strong else 'weak'} ({self.platform}: {listed}){failed}"


class Event(msgspec.Struct, frozen=True):
    """What became of a child: "started" with its pid, or "ended" with its wait status, CPU seconds and reported calls.

    Attributes:
        words: the last ones of a process that could not say more.
    """

    kind: str
    slot: int
    pid: int = 0
    status: int = 0
    cpu_seconds: float = 0.0
    violations: tuple[str, ...] = ()
    words: str = ""


class Spawner(Protocol):
    """Where children come from."""

    @property
    def report(self) -> Report: ...
    def fileno(self) -> int: ...
    def start(self, slot: int, source: bytes, *, explains: bool = False) -> Channel: ...
    def kill(self, slot: int) -> None: ...
    def events(self) -> list[Event]: ...
    def close(self) -> None: ...


def mentioned(source: bytes) -> list[str]:
    """The words of a file by which it may mention what it can import."""
    words = _IMPORTABLE.intersection(_WORD.findall(source))
    if re.search(rb"import\s*\*", source):  # `from numpy import *` loads all of numpy's parts
        words |= _PARTS_OF_NUMPY
    return sorted(word.decode("ascii") for word in words)


def start_settings(model: Path, limits: Limits, without: Iterable[str]) -> dict[str, Any]:
    return {
        "model": str(model.resolve()),
        "memory_mb": limits.memory_mb,
        "cpu_seconds": int(limits.submission_cpu_seconds) + 2,
        "wall_seconds": limits.submission_wall_seconds + 2,
        "without": list(without),
    }


def last_words(process: "subprocess.Popen[bytes]") -> str:
    """The last line that a process wrote to stderr before it ended."""
    process.wait()
    lines = process.stderr.read().decode("utf-8", "replace").strip().splitlines() if process.stderr is not None else []
    return lines[-1] if lines else f"it ended with status {process.returncode}"
