"""Tables of the times at which students submitted: one that people write, and Moodle's grading worksheet as it is."""

from collections.abc import Iterator
from pathlib import Path

from grader.classroom.exports.cells import read_table
from grader.classroom.exports.matching import who_in_store
from grader.classroom.exports.worksheet import read_column
from grader.classroom.marks.entry_tables import TIMES, read_rows, submitted
from grader.classroom.marks.recording import Wish
from grader.classroom.store.query import Results
from grader.errors import UsageError
from grader.times import moment

_IN_MOODLE = "Last modified (submission)"
_SHOWN = 20  # wrong rows
_NONE = ("", "-")  # Moodle writes a hyphen


class NoTimesError(UsageError):
    """A table has no time of any student."""


def read_times(path: Path, results: Results, author: str, column: str = "") -> list[Wish]:
    """The times in a table with the columns TIMES, or in a grading worksheet of Moodle; rows without a time are passed over.

    Args:
        column: the title of a worksheet's column; "" for the English one.

    Raises:
        NoTimesError: it has none.
        UsageError: it is no such table, or times cannot be read.
    """
    rows, _ = read_table(path)
    worksheet = bool(column) or "student" not in [title.strip().casefold() for title in rows[0]]
    if worksheet:
        found = _in_worksheet(path, results, column)
    else:
        found = (
            (where, row["student"], row.get("submitted", ""), row.get("because", ""), wrong)
            for where, row, wrong in read_rows(path, TIMES)
        )
    wishes, unread = [], []
    for where, student, at, because, wrong in found:
        if wrong:
            unread.append(f"{where}: {wrong}")
        elif at in _NONE:
            continue
        elif moment(at) is None:
            expected = 'expected a time, such as "2026-10-07 23:59" or "7 October 2026, 11:59 PM"'
            unread.append(f"{where}: {expected}, found {at}")
        wishes.append(Wish(submitted(student, author, at=at, because=because), where))
    if unread:
        more = [f"and {len(unread) - _SHOWN} more rows"] if len(unread) > _SHOWN else []
        raise UsageError("\n".join([*unread[:_SHOWN], *more, "nothing was recorded"]))
    if not wishes:
        known = "by participant number or e-mail address or, where there are none, by name"
        why = f" in rows that certainly are a student's: {known}" if worksheet else ""
        raise NoTimesError(f"{path}: expected times of submissions, found none{why}")
    return wishes


def _in_worksheet(path: Path, results: Results, column: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Of the rows that certainly are a student's who submitted something, what `read_times` goes through.

    (place, key of the student, time, reason, what is wrong with the row), of which a worksheet has no reasons.
    """
    people = [row for row in results.students() if row.status != "missing"]
    for number, student, at in read_column(path, column or _IN_MOODLE, [who_in_store(row) for row in people]):
        yield f"{path}, row {number}", people[student].student, at, "", ""
