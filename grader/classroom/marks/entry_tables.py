"""Tables of adjustments and extensions, as people keep them in a spreadsheet."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from grader.classroom.exports.cells import cell, read_table
from grader.classroom.marks.recording import Wish
from grader.classroom.store.ledger import Entry
from grader.errors import UsageError, did_you_mean

ADJUST = ("student", "gradient", "score", "add", "excuse", "comment", "because", "part")
EXTEND = ("student", "days", "until", "because", "part")
TIMES = ("student", "submitted", "because")
_YES = ("yes", "y", "x", "true", "1")
_NO = ("", "no", "n", "false", "0")
_THOUSAND = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def adjustment(
    student: str,
    author: str,
    *,
    gradient: str = "",
    score: float | None = None,
    add: float | None = None,
    excuse: bool = False,
    comment: str = "",
    because: str = "",
) -> Entry:
    """The entry of an adjustment or a comment.

    Raises:
        UsageError: it says too much, too little, or no reason.
    """
    named = [
        name for name, there in (("score", score is not None), ("add", add is not None), ("excuse", excuse)) if there
    ]
    if len(named) > 1:
        raise UsageError(f"expected one of score, add and excuse, found {' and '.join(named)}")
    if not named and not comment.strip():
        raise UsageError("expected what to record: score, add, excuse or comment")
    if excuse and gradient:
        raise UsageError("excuse is for the whole assignment: leave out the gradient, or give its score")
    if named and not because.strip():
        raise UsageError("expected the reason, which the student reads: because")
    kind, value = named[0] if named else "comment", score if score is not None else add
    return Entry(
        student=student, kind=kind, author=author, gradient=gradient, value=value, comment=comment.strip(), reason=because.strip()
    )  # fmt: skip


def extension(student: str, author: str, *, days: float | None = None, until: str = "", because: str = "") -> Entry:
    """The entry of an extension.

    Raises:
        UsageError: it has not exactly one of days and until.
    """
    if (days is None) == (not until.strip()):
        raise UsageError("expected either days or until")
    if days is not None and not 0 <= days <= 10_000:
        raise UsageError(f"days: expected 0 to 10000, found {days:g}")
    return Entry(
        student=student, kind="extend", author=author, value=days, until=until.strip(), reason=because.strip()
    )  # fmt: skip


def submitted(student: str, author: str, *, at: str, because: str = "") -> Entry:
    """The entry of when a student's latest file was submitted."""
    return Entry(student=student, kind="submitted", author=author, until=at.strip(), reason=because.strip())


def read_adjustments(path: Path, author: str) -> list[Wish]:
    """The rows of a table with the columns ADJUST, of which all but the first may be missing.

    Raises:
        UsageError: it is no such table, or a row makes no sense.
    """
    return [Wish(_adjustment(row, author, where), where, row.get("part", "")) for where, row in read_rows(path, ADJUST)]


def _adjustment(row: Mapping[str, str], author: str, where: str) -> Entry:
    excuse = row.get("excuse", "").casefold()
    if excuse not in (*_YES, *_NO):
        raise UsageError(f"{where}: excuse: expected yes or nothing, found {row['excuse']}")
    score, add = (_marks(row, name, where) for name in ("score", "add"))
    words = {name: row.get(name, "") for name in ("gradient", "comment", "because")}
    try:
        return adjustment(row["student"], author, score=score, add=add, excuse=excuse in _YES, **words)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error


def read_extensions(path: Path, author: str) -> list[Wish]:
    """The rows of a table with the columns EXTEND.

    Raises:
        UsageError: it is no such table, or a row makes no sense.
    """
    wishes = []
    for where, row in read_rows(path, EXTEND):
        days, words = _marks(row, "days", where), {name: row.get(name, "") for name in ("until", "because")}
        try:
            wishes.append(Wish(extension(row["student"], author, days=days, **words), where, row.get("part", "")))
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from error
    return wishes


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """(place, cells by column) of each row that is not empty.

    Raises:
        UsageError: a column is unknown, or there is no student.
    """
    rows, _ = read_table(path, blank=True)
    head = [title.strip().casefold() for title in rows[0]]
    if "student" not in head:
        raise UsageError(f"{path}: expected a column student, found {', '.join(head)[:300]}")
    for title in head:
        if title and title not in columns:
            raise UsageError(
                f"{path}: no column {title}: expected {', '.join(columns)}{did_you_mean(title, [*columns])}"
            )
        if title and head.count(title) > 1:
            raise UsageError(f"{path}: two columns are called {title}: expected one")
    for number, row in enumerate(rows[1:], 2):
        cells = {title: _unquoted(text.strip()) for title, text in zip(head, row, strict=False) if title}
        where = f"{path}, row {number}"
        if any(text.strip() for text in row[len(head) :]):
            raise UsageError(f'{where}: more cells than columns: put a text with a comma in it between " and "')
        if any(cells.values()):
            if not cells["student"]:
                raise UsageError(f"{where}: expected a student, found an empty cell")
            yield where, cells


def _unquoted(text: str) -> str:
    """A text as it was before grades.csv kept spreadsheets from running it as a formula."""
    return text[1:] if text.startswith("'") and cell(text[1:]) == text else text


def _marks(row: Mapping[str, str], name: str, where: str) -> float | None:
    text = row.get(name, "")
    try:
        return read_number(text) if text else None
    except UsageError as error:
        raise UsageError(f"{where}: {name}: {error}") from None


def read_number(text: str) -> float:
    """A number as people write it, with a decimal point or comma.

    Raises:
        UsageError: it is none, or may be two.
    """
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    if _THOUSAND.fullmatch(text):
        raise UsageError(f"{text} may be a thousand or a decimal: write {text.replace(',', '')} or {text}0")
    try:
        return float(text.replace(",", ".").replace("_", "?"))
    except ValueError:
        raise UsageError(f"expected a number, found {text}") from None
