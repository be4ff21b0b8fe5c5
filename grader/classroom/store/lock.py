"""One grader at a time in a results folder.  The system gives the lock back when its owner ends, however it ends."""

import fcntl
import os
import socket
from pathlib import Path
from types import TracebackType

from grader.classroom.store.schema import StoreError

_NAME = "grader.lock"


class FolderLock:
    """An exclusive lock on a folder, held until `close`."""

    def __init__(self, folder: Path) -> None:
        """Take the lock.

        Raises:
            StoreError: another process holds it; the message says which.
        """
        path = folder / _NAME
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(self._fd, 200).decode("utf-8", "replace").strip() or "another process"
            os.close(self._fd)
            raise StoreError(
                f"{folder}: {owner} is at work in this folder; wait until it has finished, or use another --out"
            ) from error
        except OSError as error:
            os.close(self._fd)
            raise StoreError(
                f"{folder}: this file system cannot lock files: {error.strerror}; use a local folder"
            ) from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> "FolderLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
