"""Tables of adjustments and extensions, as people keep them in a spreadsheet."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from grader.classroom.exports.cells import cell, read_table
from grader.classroom.marks.recording import Wish
from grader.classroom.store.ledger import Entry
from grader.errors import UsageError, did_you_mean

ADJUST = ("student", "gradient", "score", "add", "excuse", "comment", "because", "part")
EXTEND = ("student", "days", "until", "because", "part")
TIMES = ("student", "submitted", "because")
NO_REASON = "because TEXT is missing: the reason, which the student reads"  # an option, and a column
_YES = ("yes", "y", "x", "true", "1")
_NO = ("", "no", "n", "false", "0")
_THOUSAND = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


class _NoReasonError(UsageError):
    """A reason is all that an entry lacks."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(NO_REASON)
        self.entry = entry


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
        UsageError: it says too much, too little, or no reason; a line for each mistake.
    """
    named = [
        name for name, there in (("score", score is not None), ("add", add is not None), ("excuse", excuse)) if there
    ]
    wrong = []
    if len(named) > 1:
        wrong.append(f"expected one of score, add and excuse, found {' and '.join(named)}")
    if not named and not comment.strip():
        wrong.append("expected what to record: score, add, excuse or comment")
    if excuse and gradient:
        wrong.append("excuse is for the whole assignment: leave out the gradient, or give its score")
    if named and not because.strip():
        wrong.append(NO_REASON)
    kind, value = named[0] if named else "comment", score if score is not None else add
    entry = Entry(
        student=student, kind=kind, author=author, gradient=gradient, value=value, comment=comment.strip(), reason=because.strip()
    )  # fmt: skip
    if wrong == [NO_REASON]:
        raise _NoReasonError(entry)
    _refuse(wrong)
    return entry


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


def wish_for(
    make: Callable[[], Entry], student: str, author: str, *, gradient: str = "", where: str = "", part: str = ""
) -> Wish:
    """What somebody asks for; where it makes no sense, with the reasons, so that all mistakes are reported at once."""
    try:
        return Wish(make(), where, part)
    except UsageError as error:
        about = Entry(student=student, kind="comment", author=author, gradient=gradient)
        if isinstance(error, _NoReasonError):
            about = error.entry
        wrong = str(error) if where else str(error).replace(NO_REASON, f"--{NO_REASON}")
        return Wish(about, where, part, tuple(wrong.split("\n")))


def read_adjustments(path: Path, author: str) -> list[Wish]:
    """The rows of a table with the columns ADJUST, of which all but the first may be missing.

    Raises:
        UsageError: it is no such table.
    """
    return _read_wishes(path, ADJUST, author, _adjustment)


def _adjustment(row: Mapping[str, str], author: str) -> Entry:
    wrong: list[str] = []
    excuse = row.get("excuse", "").casefold()
    if excuse not in (*_YES, *_NO):
        wrong.append(f"excuse: expected yes or nothing, found {row['excuse']}")
    score, add = (_marks(row, name, wrong) for name in ("score", "add"))
    _refuse(wrong)
    words = {name: row.get(name, "") for name in ("gradient", "comment", "because")}
    return adjustment(row["student"], author, score=score, add=add, excuse=excuse in _YES, **words)


def read_extensions(path: Path, author: str) -> list[Wish]:
    """The rows of a table with the columns EXTEND.

    Raises:
        UsageError: it is no such table.
    """
    return _read_wishes(path, EXTEND, author, _extension)


def _extension(row: Mapping[str, str], author: str) -> Entry:
    wrong: list[str] = []
    days = _marks(row, "days", wrong)
    _refuse(wrong)
    return extension(row["student"], author, days=days, until=row.get("until", ""), because=row.get("because", ""))


def _read_wishes(
    path: Path, columns: Sequence[str], author: str, make: Callable[[Mapping[str, str], str], Entry]
) -> list[Wish]:
    wishes = []
    for where, row, wrong in read_rows(path, columns):
        student, gradient, part = (row.get(name, "") for name in ("student", "gradient", "part"))

        def entry(row: Mapping[str, str] = row, wrong: str = wrong) -> Entry:
            _refuse([wrong] if wrong else [])
            return make(row, author)

        wishes.append(wish_for(entry, student, author, gradient=gradient, where=where, part=part))
    return wishes


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str], str]]:
    """(place, cells by column, what is wrong with it as a row or "") of each row that is not empty.

    Raises:
        UsageError: a column is unknown, or there is none for the student.
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
        wrong = ""
        if any(text.strip() for text in row[len(head) :]):
            wrong = 'more cells than columns: put a text with a comma in it between " and "'
        elif any(cells.values()) and not cells["student"]:
            wrong = "expected a student, found an empty cell"
        if wrong or any(cells.values()):
            yield f"{path}, row {number}", cells, wrong


def _unquoted(text: str) -> str:
    """A text as it was before grades.csv kept spreadsheets from running it as a formula."""
    return text[1:] if text.startswith("'") and cell(text[1:]) == text else text


def _marks(row: Mapping[str, str], name: str, wrong: list[str]) -> float | None:
    """The number in a cell; what is wrong with it is added to `wrong`."""
    text = row.get(name, "")
    try:
        return read_number(text) if text else None
    except UsageError as error:
        wrong.append(f"{name}: {error}")
        return None


def _refuse(wrong: Sequence[str]) -> None:
    """
    Raises:
        UsageError: a line for everything that is wrong.
    """
    if wrong:
        raise UsageError("\n".join(wrong))


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
