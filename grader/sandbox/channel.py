"""How a job reaches a child and its replies come back: through pipes that never block or, where there are none, threads."""

import contextlib
import os
import subprocess
import threading
from collections import deque
from collections.abc import Callable

_CHUNK = 2**16
_KEPT = 64  # chunks that are received before any is taken


class Channel:
    """One that leads nowhere, which an attempt has until its child is started.

    Attributes:
        sending: the descriptor to wait for when `send` takes nothing; -1 where it always takes everything.
        receiving: the descriptor to wait for when replies are due; -1 where the spawner's is ready then.
    """

    sending = receiving = -1

    def send(self, data: memoryview) -> int:
        """How many bytes were taken; 0 if none can be taken now."""
        return len(data)

    def receive(self) -> bytes:
        """What has arrived; empty if nothing has."""
        return b""

    def close(self) -> None:
        """The child is gone, or nobody listens any more."""


class Pipes(Channel):
    """Pipes that never block."""

    def __init__(self, sending: int, receiving: int) -> None:
        self.sending, self.receiving = sending, receiving

    def send(self, data: memoryview) -> int:
        try:
            return os.write(self.sending, data)
        except BlockingIOError:
            return 0
        except BrokenPipeError:  # the child is gone, which is noticed when its end is reported
            return len(data)

    def receive(self) -> bytes:
        try:
            return os.read(self.receiving, 2**18)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        os.close(self.sending)
        os.close(self.receiving)


class Threads(Channel):
    """Standard input and output of a process.  Windows cannot wait for pipes, so a thread does for each.

    Attributes:
        drained: everything that the process sent has been received, and it has ended.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", first: bytes, wake: Callable[[], None]) -> None:
        """Start to read.

        Args:
            first: what is sent before all else.
            wake: is called when something has arrived, and at the end.
        """
        self.drained = False
        self._process, self._first, self._wake = process, first, wake
        self._received: deque[bytes] = deque()
        self._room = threading.Semaphore(_KEPT)
        self._closed = False
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, data: memoryview) -> int:
        threading.Thread(target=self._write, args=(data,), daemon=True).start()
        return len(data)

    def receive(self) -> bytes:
        if not self._received:
            return b""
        self._room.release()
        return self._received.popleft()

    def close(self) -> None:
        self._closed = True
        self._room.release()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError), self._process.stdout as pipe:
            while not self._closed and (data := os.read(pipe.fileno(), _CHUNK)):
                self._room.acquire()
                self._received.append(data)
                self._wake()
        self._process.wait()
        self.drained = True
        self._wake()

    def _write(self, data: memoryview) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError), self._process.stdin as pipe:  # the process may be gone
            pipe.write(self._first)
            pipe.write(data)
