"""Files that are written whole or not at all: a reader sees the old file or the new one, never half of it."""

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from grader.errors import UsageError, reason_of


@contextmanager
def replacing(path: Path, *, private: bool = False, alone: bool = False) -> Iterator[BinaryIO]:
    """A new file, which takes the place of what is at `path` when the block ends without an exception.

    A link at `path` is replaced, not followed.

    Args:
        private: only its owner can read it.
        alone: no other process writes to `path`, so what an interrupted write left behind is removed.

    Raises:
        OSError: it cannot be written; what was at `path` is still there.
    """
    new = path.parent / f".{path.name[:100]}.{'new' if alone else f'{secrets.token_hex(8)}.tmp'}"
    if alone:
        new.unlink(missing_ok=True)
    try:
        # "x" refuses whatever is there already, a link too.
        with open(new, "xb", opener=lambda name, flags: os.open(name, flags, 0o600 if private else 0o666)) as file:
            yield file
        _replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _replace(new: Path, path: Path) -> None:
    """Move `new` to `path`.  On Windows a virus scanner that has just opened one of them is waited for."""
    for seconds in (0.05, 0.2, 0.5) if sys.platform == "win32" else ():
        with suppress(PermissionError):
            os.replace(new, path)
            return
        time.sleep(seconds)
    os.replace(new, path)


def write_file(path: Path, data: bytes) -> None:
    """Replace the file at `path`, unless it holds `data` already.

    Raises:
        OSError: it cannot be written.
    """
    if path.exists() and path.read_bytes() == data:
        return
    with replacing(path) as file:
        file.write(data)


def write_output(path: Path, data: bytes) -> None:
    """Write to a path that the user named: through a link, and into a device or pipe.

    Raises:
        UsageError: it cannot be written.
    """
    path = path.resolve()
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(data)
        else:
            with replacing(path) as file:
                file.write(data)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {reason_of(error)}") from error
