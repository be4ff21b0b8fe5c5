"""The grader's side of the process that opens archives (`unpack.py`): one for all of them, started for the first.

An archive that kills it or takes too long is unreadable, and the next one gets a new process.  It ends with the grader.
"""

import atexit
import json
import os
import selectors
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import GraderError
from grader.inputs.tree import MAX_SUBMISSION_ENTRIES, ArchiveError

_MEMORY_BYTES = 256 * 2**20  # address space of the process
_SECONDS_TOGETHER = 300.0  # of processor time for all submissions; after that each may cost less
_WALL_SECONDS = 120.0  # for one request; its processor time is limited long before


class OverBudgetError(Exception):
    """The archives of one submission cost too much together."""


@dataclass
class Budget:
    """What the archives of one submission may cost together: their number, entries, unpacked bytes, seconds of processor time."""

    archives: int = 50
    entries: int = MAX_SUBMISSION_ENTRIES
    bytes: int = 256 * 2**20
    seconds: float = 10.0

    def spend(self, *, archives: int = 0, entries: int = 0, size: int = 0, seconds: float = 0.0) -> None:
        """Subtract costs.

        Raises:
            OverBudgetError: they are too high.
        """
        most = max(self.entries, MAX_SUBMISSION_ENTRIES)
        self.archives -= archives
        self.entries -= entries
        self.bytes -= size
        self.seconds -= seconds
        if self.archives < 0:
            raise OverBudgetError("too many archives")
        if self.entries < 0:
            raise OverBudgetError(f"archives with more than {most} files and folders")
        if self.bytes < 0:
            raise OverBudgetError("nested archives that unpack to too many bytes")
        if self.seconds < 0:
            raise OverBudgetError("archives that take too long to open")


class Reader:
    """The process that opens archives, started when it is needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._selector: selectors.BaseSelector | None = None
        self.seconds = 0.0  # of processor time, so far
        self._buffer = bytearray()  # received, but not read yet

    def budget(self) -> Budget:
        """For the archives of one submission; a small one once the submissions so far have cost too much together."""
        return Budget() if self.seconds < _SECONDS_TOGETHER else Budget(archives=5, bytes=32 * 2**20, seconds=1.0)

    def ask(self, request: dict[str, Any], budget: Budget | None = None) -> list[bytes]:
        """The data of the reply.

        Raises:
            ArchiveError: the archive cannot be read.
            OverBudgetError: it took more of `budget` than was left.
            GraderError: the process cannot be started.
        """
        try:
            data, end = self._exchange(request)
        except (EOFError, BrokenPipeError):
            try:  # the process may have been killed; if the next one dies too, it is because of the archive
                data, end = self._exchange(request)
            except (EOFError, BrokenPipeError):
                raise ArchiveError("the process that opened it crashed") from None
        self.seconds += float(end["seconds"])
        if budget is not None:
            budget.spend(entries=int(end["entries"]), size=int(end["bytes"]), seconds=float(end["seconds"]))
        if end["reason"]:
            raise ArchiveError(str(end["reason"]))
        return data

    def _exchange(self, request: dict[str, Any]) -> tuple[list[bytes], dict[str, Any]]:
        process = self._running()
        assert process.stdin is not None
        until = time.monotonic() + _WALL_SECONDS
        frames: list[bytes] = []
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            while (header := struct.unpack("<cI", self._read(5, until)))[0] != b".":
                frames.append(self._read(header[1], until))
            end: dict[str, Any] = json.loads(self._read(header[1], until))
        except TimeoutError:
            self.close()
            raise ArchiveError(f"it takes more than {_WALL_SECONDS:.0f} s") from None
        except BaseException:  # also Ctrl-C: the rest of a reply must not be taken for the reply to the next request
            self.close()
            raise
        if end["last"]:
            self.close()
        return frames, end

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            script = Path(__file__).with_name("unpack.py")
            command = [sys.executable, "-I", "-S", "-B", str(script), str(_MEMORY_BYTES)]
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    bufsize=0,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
            except OSError as error:
                raise GraderError(f"the process that opens archives cannot be started: {error.strerror}") from error
            assert self._process.stdout is not None
            if sys.platform != "win32":  # whose pipes cannot be waited for with a limit
                self._selector = selectors.DefaultSelector()
                self._selector.register(self._process.stdout, selectors.EVENT_READ)
        return self._process

    def _read(self, size: int, until: float) -> bytes:
        """Exactly `size` bytes.

        Raises:
            EOFError: there are fewer.
            TimeoutError: they do not arrive in time.
        """
        assert self._process is not None
        assert self._process.stdout is not None
        while len(self._buffer) < size:
            if self._selector is not None and not self._selector.select(max(0.0, until - time.monotonic())):
                raise TimeoutError
            part = os.read(self._process.stdout.fileno(), max(size - len(self._buffer), 2**16))
            if not part:
                raise EOFError
            self._buffer += part
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def close(self) -> None:
        """End the process; the next request starts another."""
        if self._selector is not None:
            self._selector.close()
        self._selector = None
        self._buffer.clear()
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()


READER = Reader()
atexit.register(READER.close)
