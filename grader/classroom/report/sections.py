"""Sections of a class, from a roster: any CSV with a row per student, such as a gradebook."""

from pathlib import Path

from grader.classroom.exports.cells import read_table
from grader.classroom.exports.matching import match, who_in_row, who_in_store
from grader.classroom.store.query import Results
from grader.errors import UsageError, did_you_mean

# What the columns of platforms' rosters and gradebooks hold, by their titles in lower case.
_KINDS = {
    "id": "canvas", "sis user id": "sid", "sid": "sid", "id number": "sid", "student id": "sid", "student number": "sid",
    "sis login id": "login", "username": "login", "login": "login", "email": "email", "e-mail": "email",
    "email address": "email",
}  # fmt: skip
_NAMES = ("name", "full name", "student")


def read_sections(results: Results, roster: Path, column: str) -> dict[str, str]:
    """The section of each student by their key; students whom no row is certain to be about are not there.

    Raises:
        UsageError: it is no table, or has no such column.
    """
    rows, _ = read_table(roster)
    head = [title.strip().casefold() for title in rows[0]]
    if column.strip().casefold() not in head:
        listed = ", ".join(title.strip() for title in rows[0])[:300]
        raise UsageError(f"{roster}: no column {column}{did_you_mean(column, rows[0])}; it has {listed}")
    place = head.index(column.strip().casefold())
    people = list(results.students())
    keys = {row.student for row in people}
    found, left = {}, []
    for row in rows[1:]:
        key = next((text.strip() for text in row if text.strip() in keys), "")
        if key and "student" in head and row[head.index("student")].strip() == key:
            found[key] = row[place].strip()  # one of our own tables, such as grades.csv
        else:
            left.append(row)
    ids = [{_KINDS[title]: row[i] for i, title in enumerate(head) if title in _KINDS} for row in left]
    names = [_name(row, head) for row in left]
    who = [who_in_row(known, name, name) for known, name in zip(ids, names, strict=True)]
    rest = [row for row in people if row.student not in found]
    for i, k in match([who_in_store(row) for row in rest], who).student_of.items():
        found[rest[k].student] = left[i][place].strip()
    return found


def _name(row: list[str], head: list[str]) -> str:
    if "first name" in head and "last name" in head:
        return f"{row[head.index('first name')]} {row[head.index('last name')]}".strip()
    return next((row[head.index(title)].strip() for title in _NAMES if title in head), "")
