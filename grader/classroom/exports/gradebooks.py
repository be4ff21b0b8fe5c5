"""Fill in the gradebooks of learning platforms: only the marks; everything else stays as it is.

Canvas      the instructor's export: one column is filled, and only the columns that identify students are kept
Moodle      the grading worksheet: see worksheet.py
Gradescope  the format of its "Download Grades", which other tools read; Gradescope itself cannot import it
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from grader.classroom.exports.cells import cell, csv_text, decimal_comma, number, read_table
from grader.classroom.exports.matching import Matching, Who, match, who_in_row, who_in_store
from grader.classroom.marks.final import Final, Marked, marked
from grader.classroom.store.query import Results, StudentRow
from grader.errors import UsageError

_CANVAS_IDS = [("canvas", "ID"), ("sid", "SIS User ID"), ("login", "SIS Login ID")]
_GRADESCOPE_HEAD = [
    "First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points", "Status", "Submission ID",
    "Submission Time", "Lateness (H:M:S)", "View Count", "Submission Count",
]  # fmt: skip


class Place(NamedTuple):
    """A row of a gradebook that is a student's.

    Attributes:
        name: what to call the student in a message.
        worth: how many points the gradebook gives at most, as it is written there.
        locked: the platform does not let anyone change the marks.
    """

    row: list[str]
    name: str
    worth: str
    locked: bool = False


@dataclass
class Filled:
    """A gradebook with marks in it.

    Attributes:
        graded: rows that got marks.
        waiting: (student, why) for those with an adjustment that has to be confirmed first.
        without_row: students with marks who match nobody in the gradebook.
        refused: (student, why) for those whose row is not certain.
        without_marks: people in the gradebook who got no marks.
        without_grade: those whose submission could not be read or graded, so that they got none.
        locked: people whose marks the platform does not let anyone change.
        worth: the maximum points of the column, where they differ from the maximum marks.
        uncommented: there was no column for comments.
        comma: decimals are written with a comma there.
    """

    text: str = ""
    graded: int = 0
    waiting: list[tuple[str, str]] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)
    without_row: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    without_marks: list[str] = field(default_factory=list)
    without_grade: list[str] = field(default_factory=list)
    locked: list[str] = field(default_factory=list)
    worth: set[float] = field(default_factory=set)
    uncommented: bool = False
    comma: bool = False

    def fill(
        self,
        column: int,
        places: Iterable[Place],
        people: Sequence[StudentRow],
        finals: Sequence[Final],
        matching: Matching,
        *,
        scale: bool,
        excuse: str = "",
    ) -> list[tuple[list[str], StudentRow]]:
        """Write the final marks into a column.

        Args:
            excuse: what the platform reads as "excused"; "" where it knows no such thing, and the cell stays as it is.

        Returns:
            The rows that got marks, and whose they are.
        """
        filled = []
        for i, place in enumerate(places):
            found = matching.student_of.get(i)
            final = None if found is None else finals[found]
            if found is None or final is None or (final.value is None and not final.excused):
                if final is None or not final.review:
                    failed = found is not None and people[found].status in ("unreadable", "not_graded")
                    (self.without_grade if failed else self.without_marks).append(place.name)
            elif place.locked:
                self.locked.append(place.name)
            elif final.value is None:
                place.row[column] = excuse or place.row[column]
                self.excused.append(place.name)
            else:
                place.row[column] = self._mark(final.value, final.max_score, place.worth, scale=scale)
                filled.append((place.row, people[found]))
        self.graded = len(filled)
        for i, why in matching.refused.items():
            if finals[i].value is not None and why:
                self.refused.append((people[i].student, why))
            elif finals[i].value is not None:
                self.without_row.append(people[i].student)
        return filled

    def wait(self, people: Sequence[StudentRow], finals: Sequence[Final]) -> None:
        """Note those whose adjustment has to be confirmed first."""
        for row, final in zip(people, finals, strict=True):
            self.waiting += [(row.student, f"entry {one.entry.id}: {one.why}") for one in final.review]

    def _mark(self, score: float, most: float, worth: str, *, scale: bool) -> str:
        there = _points(worth)
        if there is not None and there != most and most:
            self.worth.add(there)
            score = score * there / most if scale else score
        return number(score).replace(".", ",") if self.comma else number(score)


def fill_canvas(results: Results | Marked, gradebook: Path, column: str, *, scale: bool = False) -> Filled:
    """The instructor's gradebook export with the column `column` filled: its title, or the number in its brackets.

    A student without marks keeps the cell as it is: Canvas takes a blank for "delete the mark".

    Args:
        scale: convert the marks to the points of the column.

    Raises:
        UsageError: the file is not a gradebook of Canvas, or has no such column.
    """
    rows, delimiter = read_table(gradebook)
    head = [title.strip() for title in rows[0]]
    section = next((i for i, title in enumerate(head) if "Section" in title), -1)
    if len(head) < 3 or "Student" not in head[0] or section < 0:
        raise UsageError(
            f"{gradebook}: expected a gradebook export of Canvas (Student, ID, ..., Section), found other columns"
        )
    possible = next((row for row in rows[1:4] if "Points Possible" in row[0]), [""] * len(head))
    chosen = _canvas_column(gradebook, head, section, possible, column)
    fields = {title: i for i, title in enumerate(head[: section + 1])}
    places = [Place(row, row[0], possible[chosen]) for row in rows[1:] if _is_student(row, fields)]
    graded = marked(results)
    people, finals = graded.people, graded.finals
    matching = match([who_in_store(row) for row in people], [_canvas_row(place.row, fields) for place in places])
    if "ID" not in fields and not matching.student_of and any(row.ids.get("canvas") for row in people):
        raise UsageError(
            f"{gradebook}: expected a gradebook export of Canvas with the column ID, which identifies these submissions, found"
            f" {', '.join(head[: section + 1])}; export the gradebook from Canvas again"
        )
    filled = Filled(comma=decimal_comma(rows, chosen, delimiter))
    filled.fill(chosen, places, people, finals, matching, scale=scale, excuse="EX")
    filled.wait(people, finals)
    filled.text = csv_text(([row[i] for i in (*range(section + 1), chosen)] for row in rows), delimiter)
    return filled


def _is_student(row: list[str], fields: Mapping[str, int]) -> bool:
    """Whether it is a student's row; not one of points or posting policies, in any language, nor a test student without ID."""
    name = row[0].strip()
    known_by = any(row[i].strip() for i in fields.values() if i)
    return bool(name) and known_by and (name != "Student, Test" or row[fields.get("ID", 0)] != "")


def _canvas_row(row: list[str], fields: Mapping[str, int]) -> Who:
    ids = {kind: row[fields[title]] for kind, title in _CANVAS_IDS if title in fields}
    return who_in_row(ids, row[0], row[0].strip())


def _canvas_column(gradebook: Path, head: list[str], section: int, possible: list[str], column: str) -> int:
    named = [i for i in range(section + 1, len(head)) if column in _names_of(head[i])]
    titles = {i: head[i] for i in range(section + 1, len(head)) if "(read only)" not in head[i] + possible[i]}
    found = [i for i in named if i in titles]
    if len(found) != 1:
        listed = ", ".join(title for title in titles.values() if _number_of(title)) or "none"
        if named and not found:
            raise UsageError(
                f"{gradebook}: Canvas calculates the column {column!r} (read only) and imports no marks into it;"
                f" name an assignment's with --column: {listed}"
            )
        problem = "no column" if not found else f"{len(found)} columns"
        raise UsageError(f"{gradebook}: {problem} called {column!r}; name one with --column: {listed}")
    return found[0]


def _names_of(title: str) -> tuple[str, ...]:
    """What a column may be called by: its title, with or without what is in brackets, or its number."""
    return title, re.sub(r"\s\((?:\d+|read only)\)$", "", title), _number_of(title)


def _number_of(title: str) -> str:
    match = re.search(r"\s\((\d+)\)$", title)
    return match[1] if match else ""


def _points(text: str) -> float | None:
    try:
        points = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return points if 0 < points < 1e9 else None


def count_finals(results: Results | Marked) -> Filled:
    """Who has final marks, for tables that are written whole."""
    graded, filled = marked(results), Filled()
    people, finals = graded.people, graded.finals
    filled.graded = sum(final.value is not None for final in finals)
    filled.excused = [row.student for row, final in zip(people, finals, strict=True) if final.excused]
    filled.wait(people, finals)
    return filled


def gradescope_csv(results: Results | Marked) -> str:
    """The table that Gradescope's "Download Grades" gives, with the final marks and a column per gradient."""
    found = marked(results)
    gradients = found.gradients
    rows = [[*_GRADESCOPE_HEAD, *(f"{i}: {name} ({number(most)} pts)" for i, (name, most) in enumerate(gradients, 1))]]
    for row, final in zip(found.people, found.finals, strict=True):
        first, _, last = row.name.rpartition(" ") if " " in row.name else (row.name, "", "")
        graded = row.status == "graded" and row.grade is not None
        scores = {one.name: one.score for one in row.grade.gradients} if graded and row.grade else {}
        status = "Graded" if final.value is not None else {"missing": "Missing"}.get(row.status, "Ungraded")
        known = [first, last, row.sid, row.email, "", final.value, final.max_score or None, status]
        known += [row.ids.get("gradescope", row.student), final.submitted_at, "", "", ""]
        rows.append([cell(value) for value in [*known, *(scores.get(name) for name, _ in gradients)]])
    return csv_text(rows)
