"""Fill in Moodle's grading worksheet: Grade and Feedback comments, everything else as it came."""

import re
from collections.abc import Callable
from pathlib import Path

from grader.errors import UsageError
from grader.exports.cells import csv_text
from grader.exports.gradebooks import Filled, Lookup, folded_name, read_table
from grader.store.query import Results, StudentRow

_COMMENTS = "Feedback comments"
_KEYS = [("sid", "ID number"), ("email", "Email address"), ("key", "Username"), ("name", "Full name")]


def fill_moodle(
    results: Results,
    worksheet: Path,
    comment: Callable[[StudentRow], str],
    column: str = "Grade",
    comments: str = "",
    *,
    scale: bool = False,
) -> Filled:
    """The worksheet with grades and feedback comments; everybody of a team gets what the team got.

    Args:
        comment: the feedback of a student, in HTML.
        column: the title of the column with grades; titles are in the language of the site.
        comments: that of the column with comments; "" for the English one, where there is one.
        scale: marks are converted to the maximum grade.

    Raises:
        UsageError: the file is no grading worksheet, or has no such column.
    """
    rows, delimiter = read_table(worksheet)
    head = [title.strip() for title in rows[0]]
    if column not in head or not any(re.search(r"\d+$", row[0]) for row in rows[1:]):
        raise UsageError(
            f"{worksheet}: expected a grading worksheet of Moodle with a column {column!r}, found {', '.join(head)[:300]};"
            " name the column of grades with --column"
        )
    if comments and comments not in head:
        raise UsageError(
            f"{worksheet}: no column called {comments!r}; name one with --comments: {', '.join(head)[:300]}"
        )
    fields = {title: i for i, title in enumerate(head)}
    commented = fields.get(comments or _COMMENTS)
    filled = Filled("", uncommented=commented is None)
    teams = _teams(results, rows)
    lookup = Lookup(results, teams)
    # In every language the maximum stands behind the grade.
    most = next((i for i, title in enumerate(head) if title.casefold() == "maximum grade"), fields[column] + 1)
    for row in rows[1:]:
        row += [""] * (len(head) - len(row))
        student = lookup.find(_keys(row, fields, teams))
        if student is None:
            filled.without_marks.append(row[1])
            continue
        row[fields[column]] = filled.mark(student, row[most] if most < len(row) else "", scale=scale)
        if commented is not None:
            row[commented] = comment(student)
    filled.text = csv_text(rows, delimiter)
    filled.without_row = lookup.unused()
    return filled


def _teams(results: Results, rows: list[list[str]]) -> set[str]:
    """Teams that handed in, by name: they stand in a column behind that of names, and their number is no participant's."""
    cells = {folded_name(text) for row in rows[1:] for text in row[2:] if len(text) < 300}
    return {folded_name(row.name) for row in results.students() if "moodle" in row.ids} & cells


def _keys(row: list[str], fields: dict[str, int], teams: set[str]) -> list[tuple[str, str]]:
    """By what the student of a row is found, the surest first."""
    team = next((text for text in row[2:] if folded_name(text) in teams), "")
    if team:
        return [("name", team)]
    identifier = re.search(r"\d+$", row[0].strip())
    return [
        ("moodle", identifier[0] if identifier else ""),
        *((kind, row[fields[title]]) for kind, title in _KEYS if title in fields),
    ]
