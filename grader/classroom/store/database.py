"""The folder of a store: its lock, its database, and what SQLite and the disk may refuse, in words."""

import errno
import os
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from grader.classroom.store.schema import StoreError, create_or_migrate
from grader.errors import UsageError
from grader.filelock import hold
from grader.text import one_line

DATABASE = "grades.db"
MAX_TEXT = 2000
BUSY_SECONDS = 60.0  # how long a writer waits for another one, whose transactions are short

# Part of SQLite's message, and what to do about it.
_ADVICE = {
    "full": "is the disk full? What is finished is kept: make room and run the same command again",
    "disk I/O": "is the disk full? What is finished is kept: make room and run the same command again",
    "locked": "another program has it open for writing: close it and run the same command again",
    "not a database": "it is damaged, or not ours: restore it from a copy, or use another folder",
    "malformed": "it is damaged, or not ours: restore it from a copy, or use another folder",
}

_READ_ONLY = ("readonly", "unable to open")  # SQLite cannot make its journal beside the database
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn errors of SQLite and of files into the grader's own.

    Raises:
        UsageError: nobody may write there.
        StoreError: with what happened and what to do.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if any(part in text for part in _READ_ONLY):
            raise _read_only(folder, folder / DATABASE, text) from error
        advice = next((advice for part, advice in _ADVICE.items() if part in text), "what is finished is kept")
        raise StoreError(f"{folder / DATABASE}: {text}; {advice}") from error
    except OSError as error:
        if error.errno in _DENIED:
            raise _read_only(folder, error.filename or folder, error.strerror or "") from error
        raise StoreError(
            f"{error.filename or folder}: cannot be written: {error.strerror}; what is graded is kept: run the command again"
        ) from error


def _read_only(folder: Path, path: Path | str, reason: str) -> UsageError:
    return UsageError(
        f"{path}: cannot be written: {reason}; make {folder} and the files in it writable and run the same command again"
    )


def database_in(folder: Path) -> Path:
    """The database of a folder with results.

    Raises:
        UsageError: there is no such folder, or it holds no results.
    """
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        raise UsageError(f"{folder}: expected the folder with the results of `grader batch`, found {found}")
    if not (folder / DATABASE).is_file():
        raise UsageError(
            f"{folder}: expected the results of `grader batch` there, found no {DATABASE}; name the folder that was its --out"
        )
    return folder / DATABASE


def connect(path: Path) -> sqlite3.Connection:
    """Open the database for writing; create it if there is none."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        create_or_migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def lock(folder: Path) -> int:
    """Lock a folder for this process.  The system releases the lock when the descriptor is closed or its owner ends.

    Returns:
        The descriptor that holds the lock.

    Raises:
        UsageError: nobody may write there.
        StoreError: another process holds it; the message says which.
    """
    try:
        fd = os.open(folder / "grader.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        if error.errno in _DENIED:
            raise _read_only(folder, folder, error.strerror or "") from error
        raise StoreError(f"{folder}: cannot be written: {error.strerror}") from error
    try:
        hold(fd)
    except BlockingIOError as error:
        owner = os.read(fd, 200).decode("utf-8", "replace").strip() or "another process"
        os.close(fd)
        raise StoreError(
            f"{folder}: {owner} is at work in this folder; wait until it has finished, or use another --out"
        ) from error
    except OSError as error:
        os.close(fd)
        raise StoreError(
            f"{folder}: this file system cannot lock files: {error.strerror}; use a local folder"
        ) from error
    os.ftruncate(fd, 0)
    os.write(fd, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    return fd


def insert(db: sqlite3.Connection, table: str, values: Mapping[str, object], conflict: str = "") -> int:
    """Add a row with these values, by column, to one of our tables; returns its id."""
    columns, marks = ", ".join(values), ", ".join(f":{column}" for column in values)
    return db.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks}) {conflict}", values).lastrowid or 0  # noqa: S608


def clean(text: str) -> str:
    """`text` as one line that SQLite, every encoder and every reader accept."""
    return one_line(text, MAX_TEXT)


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
