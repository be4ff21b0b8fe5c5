"""Fill in the gradebooks of learning platforms: exactly the cells that are ours, everything else as it came.

Canvas      the instructor's export: one column is filled, and only students' own columns go with it
Moodle      the grading worksheet: see worksheet.py
Gradescope  the shape of its "Download Grades", which other tools read; Gradescope itself cannot import it
"""

import csv
import io
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import UsageError
from grader.exports.cells import cell, csv_text, number
from grader.store.query import Results, StudentRow


@dataclass
class Filled:
    """A gradebook with marks in it.

    Attributes:
        graded: rows that got marks.
        without_row: graded students who are not in the gradebook.
        without_marks: people in the gradebook who have no marks.
        worth: what the column counts there, where that is not what the marks are out of.
        uncommented: there was no column for comments.
    """

    text: str
    graded: int = 0
    without_row: list[str] = field(default_factory=list)
    without_marks: list[str] = field(default_factory=list)
    worth: set[float] = field(default_factory=set)
    uncommented: bool = False

    def mark(self, student: StudentRow, worth: str, *, scale: bool) -> str:
        """The cell with this student's marks, where the most that can be had is `worth`, as the gradebook says it."""
        self.graded += 1
        score, most = student.score or 0.0, student.max_score or 0.0
        there = _points(worth)
        if there is None or there == most or not most:
            return number(score)
        self.worth.add(there)
        return number(score * there / most if scale else score)


def fill_canvas(results: Results, gradebook: Path, column: str, *, scale: bool = False) -> Filled:
    """The instructor's gradebook export with the column `column` filled: its title, or the number in its brackets.

    A student without marks keeps the cell as it is: Canvas takes a blank for "delete the mark".

    Args:
        scale: marks are converted to what the column counts there.

    Raises:
        UsageError: the file is no gradebook of Canvas, or has no such column.
    """
    rows, delimiter = read_table(gradebook)
    head = rows[0]
    section = next((i for i, title in enumerate(head) if "Section" in title), -1)
    if len(head) < 4 or "Student" not in head[0] or "ID" not in head[1] or section < 0:
        raise UsageError(
            f"{gradebook}: expected a gradebook export of Canvas (Student, ID, ..., Section), found other columns"
        )
    possible = next((row for row in rows[1:4] if "Points Possible" in row[0]), [])
    possible += [""] * (len(head) - len(possible))
    chosen = _canvas_column(gradebook, head, section, possible, column)
    keep = [*range(section + 1), chosen]
    filled = Filled("")
    lookup = Lookup(results)
    fields = {title.strip(): i for i, title in enumerate(head[: section + 1])}
    for row in rows[1:]:
        row += [""] * (len(head) - len(row))
        if "Points Possible" in row[0] or not row[fields["ID"]].strip():
            continue
        keys = [("canvas", row[fields["ID"]])]
        keys += [(kind, row[fields[title]]) for kind, title in _CANVAS_KEYS if title in fields]
        student = lookup.find(keys)
        if student is None:
            filled.without_marks.append(row[0])
            continue
        row[chosen] = filled.mark(student, possible[chosen], scale=scale)
    filled.text = csv_text(([row[i] for i in keep] for row in rows), delimiter)
    filled.without_row = lookup.unused()
    return filled


_CANVAS_KEYS = [("sid", "SIS User ID"), ("key", "SIS Login ID"), ("email", "SIS Login ID"), ("name", "Student")]


GRADESCOPE_HEAD = [
    "First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points", "Status", "Submission ID",
    "Submission Time", "Lateness (H:M:S)", "View Count", "Submission Count",
]  # fmt: skip


def gradescope_csv(results: Results) -> str:
    """The table that Gradescope's "Download Grades" gives, with a column per gradient."""
    gradients = results.gradients()
    rows = [[*GRADESCOPE_HEAD, *(f"{i}: {name} ({number(most)} pts)" for i, (name, most) in enumerate(gradients, 1))]]
    for row in results.students():
        first, _, last = row.name.rpartition(" ") if " " in row.name else (row.name, "", "")
        graded = row.status == "graded" and row.grade is not None
        scores = {one.name: one.score for one in row.grade.gradients} if graded and row.grade else {}
        status = {"graded": "Graded", "missing": "Missing"}.get(row.status, "Ungraded")
        total = row.score if graded else None
        known = [
            first,
            last,
            row.sid,
            row.email,
            "",
            total,
            row.max_score,
            status,
            row.ids.get("gradescope", row.student),
        ]
        rows.append([*map(cell, [*known, row.submitted_at, "", "", "", *(scores.get(name) for name, _ in gradients)])])
    return csv_text(rows)


class Lookup:
    """Finds graded students by any of their numbers and names; remembers who was asked for."""

    def __init__(self, results: Results, teams: Collection[str] = ()) -> None:
        """Read everybody.  `teams`: names, folded, whose numbers on platforms are none of a person's."""
        self._by: dict[tuple[str, str], StudentRow] = {}
        self._unused: dict[str, None] = {}
        doubtful: set[tuple[str, str]] = set()
        for row in results.students():
            if row.status != "graded":
                continue
            self._unused[row.student] = None
            known = {"key": row.student, "sid": row.sid, "email": row.email, "name": folded_name(row.name)}
            known |= {} if known["name"] in teams else row.ids
            for kind, value in known.items():
                key = (kind, value.strip().casefold())
                if key in self._by:
                    doubtful.add(key)
                self._by[key] = row
        for key in doubtful:  # two students of one name: neither gets the other's marks
            del self._by[key]

    def find(self, keys: Iterable[tuple[str, str]]) -> StudentRow | None:
        for kind, value in keys:
            wanted = folded_name(value) if kind == "name" else value.strip().casefold()
            if wanted and (row := self._by.get((kind, wanted))) is not None:
                self._unused.pop(row.student, None)
                return row
        return None

    def unused(self) -> list[str]:
        return list(self._unused)


def folded_name(name: str) -> str:
    """`Last, First` and `First Last` alike."""
    last, comma, first = name.partition(",")
    return " ".join(f"{first} {last}".split() if comma else name.split()).casefold()


def _canvas_column(gradebook: Path, head: list[str], section: int, possible: list[str], column: str) -> int:
    titles = {i: head[i] for i in range(section + 1, len(head)) if "(read only)" not in head[i] + possible[i]}
    found = [i for i, title in titles.items() if column in (title, re.sub(r"\s\(\d+\)$", "", title), _number_of(title))]
    if len(found) != 1:
        listed = ", ".join(title for title in titles.values() if _number_of(title)) or "none"
        problem = "no column" if not found else f"{len(found)} columns"
        raise UsageError(f"{gradebook}: {problem} called {column!r}; name one with --column: {listed}")
    return found[0]


def _points(text: str) -> float | None:
    try:
        points = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return points if 0 < points < 1e9 else None


def _number_of(title: str) -> str:
    match = re.search(r"\s\((\d+)\)$", title)
    return match[1] if match else ""


def read_table(path: Path) -> tuple[list[list[str]], str]:
    """(the rows of a CSV file, what stands between its cells)

    Raises:
        UsageError: it is none.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        text = 'it is not in UTF-8: take it as the platform gives it, or save it in the spreadsheet as "CSV UTF-8"'
        reason = error.strerror if isinstance(error, OSError) else text
        raise UsageError(f"{path}: cannot be read: {reason}") from error
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error as error:
        raise UsageError(f"{path}: not a CSV table: {error}") from error
    if len(rows) < 2:
        raise UsageError(f"{path}: expected a table with a row per student, found {len(rows)} rows")
    return rows, delimiter
