"""What the coordinator and its workers say to each other: msgpack frames on a socket, with a length before each.

Both ends are ours.  What a student wrote travels as bytes inside, and is never decoded as anything but plain data.
"""

import socket
import struct

import msgspec

from grader.problem.fingerprint import Fingerprint

_LENGTH = struct.Struct("!I")


class Task(msgspec.Struct, frozen=True, array_like=True):
    """One submission: its file to run and grade or, where `run` is given, stored answers to grade again."""

    number: int
    name: str
    source: bytes = b""
    run: bytes = b""
    sandbox: str = ""


class Result(msgspec.Struct, frozen=True, array_like=True, tag="result"):
    """A graded submission.

    Attributes:
        run: as of `pack_run`; b"" where the sandbox failed, and where nothing was run.
        grade: JSON.
        error: why the sandbox failed, else "".
        flags: (kind, gradient, detail), see grader.checks.tampering.
        runtime: JSON of the Runtime of a worker elsewhere; b"" where it is that of the first worker.
    """

    number: int
    grade: bytes
    run: bytes = b""
    answers_hash: str = ""
    cpu_seconds: float = 0.0
    attempts: int = 0
    error: str = ""
    flags: list[tuple[str, str, str]] = []
    runtime: bytes = b""


class Hello(msgspec.Struct, frozen=True, array_like=True, tag="hello"):
    """A worker's first word: what it knows and how it runs files, or why it cannot; also its last, where it must give up."""

    fingerprint: Fingerprint | None
    sandbox: str = ""
    strong: bool = True
    error: str = ""
    exit_code: int = 3


class Channel:
    """Frames over a connected socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._received = bytearray()

    def fileno(self) -> int:
        return self.socket.fileno()

    def send(self, frame: bytes) -> None:
        """Send one frame, waiting as long as it takes."""
        self.socket.setblocking(True)
        self.socket.sendall(_LENGTH.pack(len(frame)) + frame)

    def receive(self, *, wait: bool) -> bytes | None:
        """The next frame; None where there is none yet and `wait` is false.

        Raises:
            EOFError: the other end has gone.
        """
        while (frame := self._next()) is None:
            self.socket.setblocking(wait)
            try:
                data = self.socket.recv(2**20)
            except BlockingIOError:
                return None
            except ConnectionError as error:
                raise EOFError("the other end has gone") from error
            if not data:
                raise EOFError("the other end has gone")
            self._received += data
        return frame

    def _next(self) -> bytes | None:
        if len(self._received) < _LENGTH.size:
            return None
        (size,) = _LENGTH.unpack_from(self._received)
        if len(self._received) < _LENGTH.size + size:
            return None
        frame = bytes(self._received[_LENGTH.size : _LENGTH.size + size])
        del self._received[: _LENGTH.size + size]
        return frame

    def close(self) -> None:
        self.socket.close()
