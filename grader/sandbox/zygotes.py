"""Start children through a zygote, on Linux; and the choice of a way for this system.

Imports no numpy, so that a zygote can be starting up while the grader is still loading.
"""

import functools
import json
import os
import socket
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from grader.config.keys import Sandbox as Limits
from grader.errors import SandboxError
from grader.sandbox.channel import Channel, Pipes
from grader.sandbox.launch import forks, take_zygote
from grader.sandbox.spawner import Event, Report, Spawner, last_words, mentioned, start_settings

_START_SECONDS = 60.0


class Zygote:
    """A zygote process (see zygote.py), and the control socket to it."""

    def __init__(self, model: Path, limits: Limits, without: Iterable[str] = ()) -> None:
        """Start the process; it takes orders before it is ready, for which only `report` waits."""
        self._started = time.monotonic()
        try:
            self._process, self._control = take_zygote()
        except ModuleNotFoundError as error:
            raise SandboxError(str(error)) from error
        self._order(start_settings(model, limits, without), [])

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
            raise SandboxError(f"the sandbox did not start: {last_words(self._process)}")
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
            self._order({"start": slot, "words": mentioned(source), "explains": explains}, [job, result])
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
                raise SandboxError(f"the sandbox's zygote has died: {last_words(self._process)}")
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


def start_spawner(model: Path, limits: Limits) -> Spawner:
    """The way of starting children that this system allows."""
    if forks():
        return Zygote(model, limits)
    from grader.sandbox.freshprocesses import FreshProcesses

    return FreshProcesses(model, limits)
