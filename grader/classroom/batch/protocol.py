"""What the coordinator and its workers send each other: msgpack, in the frames of a `Connection` over a socket.

A `Connection` could also pickle objects, with `send` and `recv`: these are never used.  What a student wrote travels as bytes,
and is decoded as nothing but plain data.
"""

from multiprocessing.connection import Connection
from typing import Any

import msgspec

from grader.errors import GraderError
from grader.problem.fingerprint import Fingerprint

MAX_FRAME = 2**26  # bytes; a file has at most 10 MB, a stored run 3.5 MB


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
        grade: JSON; b"" where the task killed its workers, or none could be started.
        error: why the file could not be graded, else "".
        flags: (kind, gradient, detail), see grader.checks.tampering.
        runtime: JSON of the Runtime of a worker elsewhere; b"" where it is that of the first worker.
    """

    number: int
    grade: bytes = b""
    run: bytes = b""
    answers_hash: str = ""
    cpu_seconds: float = 0.0
    attempts: int = 0
    error: str = ""
    flags: list[tuple[str, str, str]] = []
    runtime: bytes = b""


class Hello(msgspec.Struct, frozen=True, array_like=True, tag="hello"):
    """The first message of a worker: what it grades, and how it runs files."""

    fingerprint: Fingerprint
    sandbox: str = ""


class Refusal(msgspec.Struct, frozen=True, array_like=True, tag="refusal"):
    """The last message of a worker that cannot start, or cannot go on."""

    error: str
    exit_code: int


class WorkerRefused(GraderError):
    """A worker could not start, for the reason that it gives."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.error)
        self.exit_code = refusal.exit_code


def send(connection: Connection, message: Task | Result | Hello | Refusal) -> None:
    """Send one message, waiting as long as it takes.

    Raises:
        ConnectionError: the other end has gone.
    """
    connection.send_bytes(msgspec.msgpack.encode(message))


def receive(connection: Connection, kind: Any) -> Any:
    """Wait for the next message, which is of the type `kind`.

    Raises:
        EOFError: the other end has gone, perhaps in the middle of a message.
    """
    try:
        frame = connection.recv_bytes(MAX_FRAME)
    except OSError as error:
        raise EOFError("the other end has gone") from error
    return msgspec.msgpack.decode(frame, type=kind)
