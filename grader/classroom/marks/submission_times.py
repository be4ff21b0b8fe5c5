"""When a file was submitted: as the download says or, where somebody recorded another time, as the ledger does."""

import sqlite3
from collections.abc import Iterable

from grader.classroom.store.ledger import Entry


def recorded_time(submission: int, entries: Iterable[Entry]) -> Entry | None:
    """The newest entry that says when this submission was made.

    Args:
        entries: of the ledger, on its student.
    """
    found = [one for one in entries if one.kind == "submitted" and one.verdict == str(submission)]
    return found[-1] if found else None


def time_of(submission: int, downloaded: str, entries: Iterable[Entry]) -> str:
    """When this submission was made; "" where that is unknown."""
    recorded = recorded_time(submission, entries)
    return downloaded if recorded is None else recorded.until


def latest_attempt(db: sqlite3.Connection, submission: int) -> int:
    """The latest attempt of those who made this submission."""
    sql = "SELECT id FROM submissions WHERE superseded = 0 AND key = (SELECT key FROM submissions WHERE id = ?)"
    found = db.execute(sql, (submission,)).fetchone()
    return submission if found is None else int(found[0])
