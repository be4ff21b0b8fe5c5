"""What every part of the store needs: SQLite's errors in words, opening the database, text that SQLite takes, the time."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from grader.classroom.store.schema import StoreError, create_or_migrate
from grader.text import one_line

DATABASE = "grades.db"
MAX_TEXT = 2000


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """SQLite's errors, and those of files, as errors of ours.

    Raises:
        StoreError: with what happened and what to do.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if "full" in text or "disk I/O" in text:
            advice = "is the disk full? What is finished is kept: make room and run the same command again"
        elif "locked" in text:
            advice = "another program has it open for writing: close it and run the same command again"
        elif "not a database" in text or "malformed" in text:
            advice = "it is damaged, or not ours: restore it from a copy, or use another folder"
        else:
            advice = "what is finished is kept"
        raise StoreError(f"{folder / DATABASE}: {text}; {advice}") from error
    except OSError as error:
        raise StoreError(
            f"{error.filename or folder}: cannot be written: {error.strerror}; what is graded is kept: run the command again"
        ) from error


def opened(path: Path) -> sqlite3.Connection:
    """The database, made where there is none; never left open where it cannot be used."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        create_or_migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def clean(text: str) -> str:
    """One line that SQLite, every encoder and every reader take, whatever a student is called."""
    return one_line(text, MAX_TEXT)


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
