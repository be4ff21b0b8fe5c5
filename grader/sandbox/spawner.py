"""Start children and learn of their ends: through a zygote on Linux, as fresh processes elsewhere.  Knows no jobs.

Imports no numpy, so that a zygote can be starting up while the grader is still loading.
"""

import contextlib
import functools
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from grader.config.keys import Sandbox as Limits
from grader.errors import SandboxError
from grader.sandbox.channel import Channel, Pipes, Threads
from grader.sandbox.launch import Process, end_unused, forks, take_alone, take_zygote
from grader.sandbox.shared.importable import BY_WORD, IMPORTABLE_WORDS

_WORD = re.compile(rb"[A-Za-z_0-9]{1,20}")
_IMPORTABLE = frozenset(word.encode("ascii") for word in IMPORTABLE_WORDS)
_PARTS_OF_NUMPY = frozenset(
    word.encode("ascii") for word in IMPORTABLE_WORDS if any(name.startswith("numpy.") for name in BY_WORD[word])
)
_START_SECONDS = 60.0
_DRAIN_SECONDS = 2.0
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


class Zygote:
    """A zygote process (see zygote.py), and the control socket to it."""

    def __init__(self, model: Path, limits: Limits, without: Iterable[str] = ()) -> None:
        """Start the process; it takes orders before it is ready, for which only `report` waits."""
        self._started = time.monotonic()
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
        self._control.settimeout(max(self._started + _START_SECONDS - time.monotonic(), 0.01))
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

    def start(self, slot: int, source: bytes, *, explains: bool = False) -> Channel:
        """Fork a child in `slot`, which explains if wanted.

        The zygote learns which importable modules the file mentions, nothing else of it.

        Raises:
            SandboxError: the zygote has died.
        """
        job, sending = os.pipe()
        receiving, result = os.pipe()
        channel = Pipes(sending, receiving)
        try:
            os.set_blocking(sending, False)
            os.set_blocking(receiving, False)
            self._order({"start": slot, "words": _mentioned(source), "explains": explains}, [job, result])
        except BaseException:
            channel.close()
            raise
        finally:
            os.close(job)
            os.close(result)
        return channel

    def kill(self, slot: int) -> None:
        self._order({"kill": slot}, [])

    def events(self) -> list[Event]:
        """What has happened since the last call.

        Raises:
            SandboxError: the zygote has died.
        """
        events: list[Event] = []
        if not self._ready():
            return events
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

    def _ready(self) -> bool:
        """Whether it has reported, which comes before all events."""
        if "report" not in self.__dict__:
            try:
                self._control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            except BlockingIOError:
                if time.monotonic() < self._started + _START_SECONDS:
                    return False
            self.report  # noqa: B018, which fails by now if there is none
        return True

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
    """A new Python per child, where forking after numpy is loaded is not safe (macOS) or not possible (Windows).

    Protects against crashes, loops and, except on Windows, memory; not against malice: the report says so.
    """

    def __init__(self, model: Path, limits: Limits) -> None:
        self.report = Report(sys.platform, breaches=("do whatever the user who runs the grader may do",))
        self._settings = _settings(model, limits, ())
        self._running: dict[int, tuple[Process, Threads]] = {}
        self._killed: set[int] = set()
        self._ended_at: dict[int, float] = {}
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.setblocking(False)

    def fileno(self) -> int:
        return self._woken.fileno()

    def start(self, slot: int, source: bytes, *, explains: bool = False) -> Channel:
        """Raises SandboxError if no process can be started."""
        settings = json.dumps({**self._settings, "words": _mentioned(source), "explains": explains}).encode()
        try:
            process = take_alone()
        except (OSError, ModuleNotFoundError) as error:
            raise SandboxError(f"no process can be started for the file: {error}") from error
        channel = Threads(process, struct.pack("!I", len(settings)) + settings, self._ring)
        self._running[slot] = process, channel
        return channel

    def kill(self, slot: int) -> None:
        if slot not in self._running:
            return
        process, _ = self._running[slot]
        self._killed.add(slot)
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()

    def events(self) -> list[Event]:
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)
        return [self._end(slot) for slot in list(self._running) if self._has_ended(slot)]

    def close(self) -> None:
        """End all processes."""
        for slot in list(self._running):
            self.kill(slot)
            self._end(slot)
        end_unused()
        self._woken.close()
        self._wake.close()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # it rings already, or nobody listens any more
            self._wake.send(b"!")

    def _has_ended(self, slot: int) -> bool:
        """Whether the process has, and all that it sent is there; what it has started may keep the pipe open."""
        process, channel = self._running[slot]
        if process.poll() is None:
            return False
        ended_at = self._ended_at.setdefault(slot, time.monotonic())
        return channel.drained or slot in self._killed or time.monotonic() - ended_at > _DRAIN_SECONDS

    def _end(self, slot: int) -> Event:
        process, _ = self._running.pop(slot)
        self._killed.discard(slot)
        self._ended_at.pop(slot, None)
        process.wait()
        words = "" if process.returncode == 0 else _last_words(process)
        if process.stderr is not None:
            process.stderr.close()
        code = process.returncode
        return Event("ended", slot, status=-code if code < 0 else code << 8, words=words)


def start_spawner(model: Path, limits: Limits) -> Spawner:
    """The way of starting children that this system allows."""
    return Zygote(model, limits) if forks() else FreshProcesses(model, limits)


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
        "wall_seconds": limits.submission_wall_seconds + 2,
        "without": list(without),
    }


def _last_words(process: "subprocess.Popen[bytes]") -> str:
    """The last line that a process wrote to stderr before it ended."""
    process.wait()
    lines = process.stderr.read().decode("utf-8", "replace").strip().splitlines() if process.stderr is not None else []
    return lines[-1] if lines else f"it ended with status {process.returncode}"
