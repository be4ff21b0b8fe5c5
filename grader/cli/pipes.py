"""Standard output and error whose reader may go away at any time, as `head` does."""

import contextlib
import io
import select
import sys
from typing import Any, TextIO


class _Unbroken(io.FileIO):
    """A file that drops what nobody reads any more, so that the command ends as if it had been read."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except ConnectionError:  # a pipe or, over a network, a socket
            return memoryview(data).nbytes


def outlive_readers() -> None:
    """Make standard output and error survive a closed pipe.  Other pipes still raise: those of the sandbox must."""
    sys.stdout, sys.stderr = _unbroken(sys.stdout), _unbroken(sys.stderr)


def reader_gone() -> bool:
    """Whether what is written to standard output reaches nobody any more."""
    poll = select.poll()
    with contextlib.suppress(AttributeError, OSError, ValueError):  # closed, or never open
        poll.register(sys.stdout.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _unbroken(stream: TextIO | Any) -> TextIO | Any:
    if not isinstance(stream, io.TextIOWrapper):  # None, where it was closed before we started
        return stream
    raw = _Unbroken(stream.fileno(), "wb", closefd=False)
    at_once = stream.line_buffering or stream.write_through
    return io.TextIOWrapper(io.BufferedWriter(raw), stream.encoding, stream.errors, line_buffering=at_once)
