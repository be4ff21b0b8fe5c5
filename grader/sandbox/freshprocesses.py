"""A fresh process per file, where children are not forked: on Windows and macOS."""

import contextlib
import json
import os
import signal
import socket
import struct
import sys
import time
from pathlib import Path

from grader.config.keys import Sandbox as Limits
from grader.errors import SandboxError
from grader.sandbox.channel import Channel, Threads
from grader.sandbox.launch import Process, end_unused, take_alone
from grader.sandbox.spawner import Event, Report, last_words, mentioned, start_settings

_DRAIN_SECONDS = 2.0


class FreshProcesses:
    """A new Python per child, where forking after numpy is loaded is not safe (macOS) or not possible (Windows).

    Protects against crashes, loops and, except on Windows, memory; not against malice: the report says so.
    """

    def __init__(self, model: Path, limits: Limits) -> None:
        self.report = Report(sys.platform, breaches=("do whatever the user who runs the grader may do",))
        self._settings = start_settings(model, limits, ())
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
        settings = json.dumps({**self._settings, "words": mentioned(source), "explains": explains}).encode()
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
        words = "" if process.returncode == 0 else last_words(process)
        if process.stderr is not None:
            process.stderr.close()
        code = process.returncode
        return Event("ended", slot, status=-code if code < 0 else code << 8, words=words)
