"""Sections of a class, from a roster: any CSV with a row per student, such as a gradebook."""

from pathlib import Path

from grader.classroom.exports.cells import read_table
from grader.classroom.exports.matching import Who, match, who_in_row, who_in_store
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

    Someone with a row in each of several sections is in `Mon 10 and Tue 12`, as Canvas writes it.

    Raises:
        UsageError: it is no table, or has no such column.
    """
    rows, _ = read_table(roster)
    head = [title.strip().casefold() for title in rows[0]]
    if column.strip().casefold() not in head:
        listed = ", ".join(title.strip() for title in rows[0])[:300]
        raise UsageError(f"{roster}: no column {column}{did_you_mean(column, rows[0]) or f'; it has {listed}'}")
    place = head.index(column.strip().casefold())
    people = list(results.students())
    keys = {row.student for row in people}
    found: dict[str, list[str]] = {}
    left: dict[object, tuple[Who, list[str]]] = {}
    for number, row in enumerate(rows[1:]):
        key = next((text.strip() for text in row if text.strip() in keys), "")
        if key and "student" in head and row[head.index("student")].strip() == key:
            sections = found.setdefault(key, [])  # one of our own tables, such as grades.csv
        else:
            ids = {_KINDS[title]: text for title, text in zip(head, row, strict=False) if title in _KINDS}
            who = who_in_row(ids, name := _name(row, head), name)
            # Those without a number may be namesakes.
            same = (tuple(who.ids.items()), name) if who.ids else number
            _, sections = left.setdefault(same, (who, []))
        sections.append(row[place].strip())
    rest, listed_rows = [row for row in people if row.student not in found], [*left.values()]
    matching = match([who_in_store(row) for row in rest], [who for who, _ in listed_rows])
    for i, k in matching.student_of.items():
        found[rest[k].student] = listed_rows[i][1]
    return {key: " and ".join(filter(None, dict.fromkeys(sections))) for key, sections in found.items()}


def _name(row: list[str], head: list[str]) -> str:
    if "first name" in head and "last name" in head:
        return f"{row[head.index('first name')]} {row[head.index('last name')]}".strip()
    return next((row[head.index(title)].strip() for title in _NAMES if title in head), "")
