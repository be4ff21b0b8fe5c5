"""Fill in Moodle's grading worksheet: Grade and Feedback comments; everything else stays as it is."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.classroom.exports.cells import csv_text, decimal_comma, read_table
from grader.classroom.exports.gradebooks import Filled, Place
from grader.classroom.exports.matching import Matching, Who, folded_name, match, who_in_row, who_in_store
from grader.classroom.marks.final import Marked, marked
from grader.classroom.store.query import Results, StudentRow
from grader.errors import UsageError

_COMMENTS = "Feedback comments"
_IDS = [("sid", "ID number"), ("email", "Email address"), ("login", "Username")]
# What Moodle writes in the column "Grade can be changed" of a locked grade, in the languages of most of its sites.
_NO = frozenset(
    "no nein non nee não nej nei ei ne nie nem nu hayır нет ні не όχι いいえ 否 아니요 không tidak לא لا नहीं".split()
)


def fill_moodle(
    results: Results | Marked,
    worksheet: Path,
    comment: Callable[[StudentRow], str],
    column: str = "Grade",
    comments: str = "",
    *,
    scale: bool = False,
) -> Filled:
    """The worksheet with grades and feedback comments; everybody in a team gets the team's grade.

    Args:
        comment: the feedback of a student, in HTML.
        column: the title of the column with grades; titles are in the language of the site.
        comments: the title of the column with comments; "" for the English one, if there is one.
        scale: convert the marks to the maximum grade.

    Raises:
        UsageError: the file is not a grading worksheet, or has no such column.
    """
    sheet, graded = _read(worksheet, column, comments), marked(results)
    people, finals = graded.people, graded.finals
    who = [who_in_store(row) for row in people]
    matching = _match_teams(who, sheet) or match(who, sheet.people())
    filled = Filled(
        uncommented=sheet.comments is None, comma=decimal_comma(sheet.rows[1:], sheet.grade, sheet.delimiter)
    )
    for row, whose in filled.fill(sheet.grade, sheet.places(), people, finals, matching, scale=scale):
        if sheet.comments is not None:
            row[sheet.comments] = comment(whose)
    filled.wait(people, finals)
    filled.text = csv_text(sheet.rows, sheet.delimiter)
    return filled


def read_column(worksheet: Path, column: str, students: list[Who]) -> Iterator[tuple[int, int, str]]:
    """(number of the row, position of the student, cell of `column`) of each row that is certainly that of one of `students`.

    Raises:
        UsageError: the file is not a grading worksheet, or has no such column.
    """
    sheet = _read(worksheet, column, "", "times")
    matching = _match_teams(students, sheet) or match(students, sheet.people())
    for row, student in sorted(matching.student_of.items()):
        yield row + 2, student, sheet.rows[row + 1][sheet.grade].strip()


@dataclass
class _Sheet:
    """The table and its columns.  Only the English titles are known; in every language the maximum comes after the grade, and
    after that, whether the grade can be changed."""

    rows: list[list[str]]
    delimiter: str
    fields: dict[str, int]
    grade: int
    comments: int | None

    @property
    def most(self) -> int:
        return next((i for title, i in self.fields.items() if title.casefold() == "maximum grade"), self.grade + 1)

    def places(self) -> list[Place]:
        return [
            Place(row, self._name(row), row[self.most] if self.most < len(row) else "", self._locked(row))
            for row in self.rows[1:]
        ]

    def _locked(self, row: list[str]) -> bool:
        place = self.fields.get("Grade can be changed", self.most + 1)
        return place != self.comments and place < len(row) and row[place].strip().casefold() in _NO

    def _name(self, row: list[str]) -> str:
        """The second column, unless Moodle hides names."""
        return row[self.fields.get("Full name", 0 if "Status" in self.fields else 1)].strip()

    def people(self) -> list[Who]:
        found = []
        for row in self.rows[1:]:
            number = re.search(r"\d+$", row[0].strip())
            ids = {kind: row[self.fields[title]] for kind, title in _IDS if title in self.fields}
            name = self._name(row)
            found.append(who_in_row({"moodle": number[0] if number else "", **ids}, name, name))
        return found

    def team_columns(self) -> list[int]:
        """Those that may hold the names of teams."""
        if "Group" in self.fields:
            return [self.fields["Group"]]
        filled = {self.grade, self.most, self.comments}
        return [i for i in range(2, len(self.fields)) if i not in filled]


def _read(worksheet: Path, column: str, comments: str, what: str = "grades") -> _Sheet:
    rows, delimiter = read_table(worksheet)
    head = [title.strip() for title in rows[0]]
    if column not in head:
        raise UsageError(
            f"{worksheet}: expected a grading worksheet of Moodle with a column {column!r}, found {', '.join(head)[:300]};"
            f" name the column of {what} with --column"
        )
    if not any(re.search(r"\d+$", row[0]) for row in rows[1:]):
        raise UsageError(
            f"{worksheet}: expected a grading worksheet of Moodle, with participant numbers in its first column (Identifier),"
            f" found {head[0][:100]!r}; download it from Moodle again"
        )
    if comments and comments not in head:
        raise UsageError(
            f"{worksheet}: no column called {comments!r}; name one with --comments: {', '.join(head)[:300]}"
        )
    fields = {title: i for i, title in enumerate(head)}
    return _Sheet(rows, delimiter, fields, fields[column], fields.get(comments or _COMMENTS))


def _match_teams(students: list[Who], sheet: _Sheet) -> Matching | None:
    """Where teams submitted, everybody in a team gets its marks; None where students submitted on their own.

    A team has its own name and number in the download, and no participant has that number.  Nobody can become a team by
    taking its name: as soon as one submission is a participant's, none is taken for a team's.
    """
    alone = {(who.ids.get("moodle"), folded_name(who.name)) for who in sheet.people()}
    teams: dict[str, list[int]] = {}
    for i, who in enumerate(students):
        if (who.ids.get("moodle"), folded_name(who.name)) in alone:
            return None
        if "moodle" in who.ids:
            teams.setdefault(folded_name(who.name), []).append(i)
    found = Matching(refused=dict.fromkeys(range(len(students)), ""))
    for column in sheet.team_columns():
        for i, row in enumerate(sheet.rows[1:]):
            members = teams.get(folded_name(row[column]), [])
            if len(members) > 1:
                found.refused |= dict.fromkeys(members, f"several teams are called {row[column]}")
            for team in members[:1] if len(members) == 1 else ():
                found.student_of[i] = team
                found.refused.pop(team, None)
        if found.student_of:
            return found
    return None
