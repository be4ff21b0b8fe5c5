"""Start children and learn of their ends: through a zygote on Linux, as fresh processes elsewhere.  Knows no jobs.

Imports no numpy, so that a zygote can be starting up while the grader is still loading.
"""

import functools
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from grader.config.keys import Sandbox as Limits
from grader.errors import SandboxError
from grader.sandbox.launch import execute, take_zygote
from grader.sandbox.shared.importable import BY_WORD, IMPORTABLE_WORDS

_WORD = re.compile(rb"[A-Za-z_0-9]{1,20}")
_IMPORTABLE = frozenset(word.encode("ascii") for word in IMPORTABLE_WORDS)
_PARTS_OF_NUMPY = frozenset(
    word.encode("ascii") for word in IMPORTABLE_WORDS if any(name.startswith("numpy.") for name in BY_WORD[word])
)
_START_SECONDS = 60.0


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
        listed = ", ".join(filter(None, ["resource limits", *restrictions]))
        failed = f"; a student's code could {', '.join(self.breaches)}" if self.breaches else ""
        return f"{'strong' if self.strong else 'weak'} ({self.platform}: {listed}){failed}"


class Event(msgspec.Struct, frozen=True):
    """What became of a child: "started" with its pid, or "ended" with its wait status, CPU seconds and reported calls."""

    kind: str
    slot: int
    pid: int = 0
    status: int = 0
    cpu_seconds: float = 0.0
    violations: tuple[str, ...] = ()


class Spawner(Protocol):
    """Where children come from."""

    @property
    def report(self) -> Report: ...
    def fileno(self) -> int: ...
    def start(self, slot: int, job: int, result: int, source: bytes, *, explains: bool = False) -> None: ...
    def kill(self, slot: int) -> None: ...
    def events(self) -> list[Event]: ...
    def close(self) -> None: ...


class Zygote:
    """A zygote process (see zygote.py), and the control socket to it."""

    def __init__(self, model: Path, limits: Limits, without: Iterable[str] = ()) -> None:
        """Start the process; `report` waits until it is ready."""
        try:
            self._process, self._control = take_zygote()
        except ModuleNotFoundError as error:
            raise SandboxError(str(error)) from error
        self._order(_settings(model, limits, without), [])

    @functools.cached_property
    def report(self) -> Report:
        """What the probe found.

        Raises:
            SandboxError: the zygote did not start.
        """
        self._control.settimeout(_START_SECONDS)
        try:
            message = self._control.recv(65536)
        except TimeoutError as error:
            raise SandboxError(f"the sandbox did not start within {_START_SECONDS:.0f} s") from error
        if not message:
            raise SandboxError(f"the sandbox did not start: {_last_words(self._process)}")
        self._control.setblocking(False)
        return msgspec.json.decode(message, type=Report)

    def fileno(self) -> int:
        return self._control.fileno()

    def start(self, slot: int, job: int, result: int, source: bytes, *, explains: bool = False) -> None:
        """Fork a child in `slot` that reads its job from one descriptor, writes results to the other and, if wanted, explains.

        The zygote learns which importable modules the file mentions, nothing else of it.
        """
        self._order({"start": slot, "words": _mentioned(source), "explains": explains}, [job, result])

    def kill(self, slot: int) -> None:
        self._order({"kill": slot}, [])

    def events(self) -> list[Event]:
        """What has happened since the last call.

        Raises:
            SandboxError: the zygote has died.
        """
        events: list[Event] = []
        while True:
            try:
                message = self._control.recv(4096)
            except BlockingIOError:
                return events
            except OSError as error:
                raise SandboxError("the sandbox's zygote has died") from error
            if not message:
                raise SandboxError(f"the sandbox's zygote has died: {_last_words(self._process)}")
            events.append(msgspec.json.decode(message, type=Event))

    def close(self) -> None:
        """End the zygote; its children die with it."""
        if self._control.fileno() < 0:
            return
        self._control.close()
        self._process.kill()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def _order(self, order: dict[str, Any], fds: list[int]) -> None:
        try:
            socket.send_fds(self._control, [json.dumps(order).encode()], fds)
        except OSError as error:
            raise SandboxError("the sandbox's zygote has died") from error


class FreshProcesses:
    """A new Python per child, for systems where forking after numpy is loaded is not safe (macOS).

    Protects against crashes, loops and memory, not against malice; the report says so.
    """

    def __init__(self, model: Path, limits: Limits) -> None:
        self.report = Report(sys.platform, breaches=("do whatever the user who runs the grader may do",))
        self._settings = _settings(model, limits, ())
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._woken, self._wake = socket.socketpair()

    def fileno(self) -> int:
        return self._woken.fileno()

    def start(self, slot: int, job: int, result: int, source: bytes, *, explains: bool = False) -> None:
        own = {"fresh": True, "job": job, "result": result, "words": _mentioned(source), "explains": explains}
        self._running[slot] = execute(self._settings | own, (job, result))

    def kill(self, slot: int) -> None:
        if process := self._running.get(slot):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                process.kill()

    def events(self) -> list[Event]:
        ended = [slot for slot, process in self._running.items() if process.poll() is not None]
        return [Event("ended", slot, status=self._status(self._running.pop(slot))) for slot in ended]

    def close(self) -> None:
        for slot in list(self._running):
            self.kill(slot)
            self._status(self._running.pop(slot))
        self._woken.close()
        self._wake.close()

    @staticmethod
    def _status(process: "subprocess.Popen[bytes]") -> int:
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
        code = process.returncode
        return -code if code < 0 else code << 8


def start_spawner(model: Path, limits: Limits) -> Spawner:
    """The way of starting children that this system allows."""
    if sys.platform == "linux":  # elsewhere, macOS above all, a process that has loaded numpy's BLAS must not fork
        return Zygote(model, limits)
    return FreshProcesses(model, limits)


def _mentioned(source: bytes) -> list[str]:
    """The words of a file by which it may mention what it can import."""
    words = _IMPORTABLE.intersection(_WORD.findall(source))
    if re.search(rb"import\s*\*", source):  # `from numpy import *` loads all of numpy's parts
        words |= _PARTS_OF_NUMPY
    return sorted(word.decode("ascii") for word in words)


def _settings(model: Path, limits: Limits, without: Iterable[str]) -> dict[str, Any]:
    return {
        "model": str(model.resolve()),
        "memory_mb": limits.memory_mb,
        "cpu_seconds": int(limits.submission_cpu_seconds) + 2,
        "without": list(without),
    }


def _last_words(process: "subprocess.Popen[bytes]") -> str:
    """The last line that a process wrote to stderr before it ended."""
    process.wait()
    lines = process.stderr.read().decode("utf-8", "replace").strip().splitlines() if process.stderr is not None else []
    return lines[-1] if lines else f"it ended with status {process.returncode}"
