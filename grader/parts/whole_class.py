"""A class over all parts of a homework: the marks of each part and their sum, from the results of the parts.

A part for which nothing was submitted counts as nothing once another part was.  One that could not be graded leaves the whole
without marks, and one that a student is excused from is left out.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from grader.atomic import write_file
from grader.classroom.exports.cells import csv_file, number
from grader.classroom.exports.feedback import Block, page, write_pages
from grader.classroom.exports.results import FINAL, HEAD, how_marked, who
from grader.classroom.marks.final import Final, FinalMarks, Marked
from grader.classroom.marks.replay import Review
from grader.classroom.store.database import explained
from grader.classroom.store.ledger import writing
from grader.classroom.store.query import Results, StudentRow
from grader.parts.merged import merged
from grader.parts.parts import Part, Parts
from grader.times import moment_in

_ABSENT = "missing"
Share = tuple[StudentRow, Final]


@dataclass(frozen=True)
class Whole:
    """One student.

    Attributes:
        row, final: over all parts.
        shares: by the name of the part; a part whose results have no such student has none.
        flags: (part, kind, gradient) for each flag.
    """

    row: StudentRow
    final: Final
    shares: dict[str, Share]
    flags: list[tuple[str, str, str]]

    @property
    def mark(self) -> str:
        return _marks(self.final)


def whole_class(parts: Parts, results: Sequence[tuple[Part, Path]]) -> list[Whole]:
    """Every student, by key.

    Raises:
        StoreError: the results of a part cannot be read.
    """
    shares: dict[str, dict[str, Share]] = {}
    flags: dict[str, list[tuple[str, str, str]]] = {}
    with ExitStack() as stack:
        for part, folder in results:
            stack.enter_context(explained(folder))
            stored = stack.enter_context(Results(folder))
            marks = FinalMarks(stored)
            for row in stored.students():
                shares.setdefault(row.student, {})[part.name] = row, marks.of(row)
                found = stored.flags(row.submission_id)
                flags.setdefault(row.student, []).extend((part.name, kind, gradient) for kind, gradient, _ in found)
    return [_whole(parts, mine, flags[key]) for key, mine in sorted(shares.items())]


def marked_class(parts: Parts, people: Sequence[Whole]) -> Marked:
    """The same as gradebooks are filled from."""
    gradients = [(f"{part.name}.{one.name}", one.max_score) for part in parts for one in part.config.gradients]
    return Marked([one.row for one in people], [one.final for one in people], gradients)


def write_whole(parts: Parts, folder: Path, results: Sequence[tuple[Part, Path]]) -> list[Whole]:
    """Write grades.csv and the feedback over all parts; a file that would stay the same is not touched.

    The first part's store is held meanwhile, so that of several people the last one to write has read everything.

    Returns:
        Every student, by key.
    """
    with explained(folder), writing(results[0][1]):
        people = whole_class(parts, results)
        write_file(folder / "grades.csv", grades_csv_of(parts, people))
        pages = ((one.row.student, list(page_of(parts, one))) for one in people)
        write_pages(folder / "feedback", pages, whole=True)
        return people


def grades_csv_of(parts: Parts, people: Sequence[Whole]) -> bytes:
    """A row per student: the whole as in the tables of the parts, then the marks of each part."""
    columns = [column for part in parts for column in (part.name, f"{part.name} status", f"{part.name} final")]
    rows = [
        [*who(one.row, one.final), *how_marked(one.final), *_columns(parts, one), _flags(one), one.row.note]
        for one in people
    ]
    return csv_file([[*HEAD, *FINAL, *columns, "flags", "note"], *rows])


def page_of(parts: Parts, one: Whole) -> Iterator[Block]:
    """What a student reads: the marks of each part and of all, then the page of each part."""
    yield Block("heading", parts.title, 1)
    yield Block("text", f"Marks: {_marks(one.final)}")
    cells = [
        (part.name, part.config.title, _marks(one.shares[part.name][1]) if part.name in one.shares else "no marks")
        for part in parts
    ]
    yield Block("table", rows=(("part", "", "marks"), *cells))
    shared = [text for text in one.final.comments if all(text in final.comments for _, final in one.shares.values())]
    yield from (Block("text", f"Comment: {comment}") for comment in shared)
    for part in parts:
        if part.name in one.shares:
            row, final = one.shares[part.name]
            own = tuple(comment for comment in final.comments if comment not in shared)
            yield from page(row, part.config, replace(final, comments=own))


def _whole(parts: Parts, shares: dict[str, Share], flags: list[tuple[str, str, str]]) -> Whole:
    row, final = _row(parts, shares), _final(parts, shares)
    return Whole(row, final, shares, flags)


def _row(parts: Parts, shares: dict[str, Share]) -> StudentRow:
    rows = {name: row for name, (row, _) in shares.items()}
    there = [row for row in rows.values() if row.status != _ABSENT]
    first = (there or list(rows.values()))[0]
    failed = next((row.status for row in there if row.status != "graded"), "")
    graded = bool(there) and not failed
    grades = {name: row.grade for name, row in rows.items() if row.grade is not None and row.status == "graded"}
    return msgspec.structs.replace(
        first,
        status="graded" if graded else failed or _ABSENT,
        score=sum(row.score or 0.0 for row in there) if graded else None,
        max_score=sum(_worth(part, shares) for part in parts) if graded else None,
        grade=merged(parts, grades, parts.title) if grades else None,
        late=_any([row.late for row in there]),
        submitted_at=max((row.submitted_at for row in there), key=_when, default=first.submitted_at),
        superseded=False,
        note="; ".join(
            f"{name}: {text}" for name, row in rows.items() for text in dict.fromkeys((row.problem, row.note)) if text
        ),
    )


def _final(parts: Parts, shares: dict[str, Share]) -> Final:
    """The sum, with what each part says of itself."""
    finals = {name: final for name, (_, final) in shares.items()}
    asked = {name: final for name, final in finals.items() if not final.excused}
    excused = bool(finals) and not asked
    absent = [
        name for name, (row, final) in shares.items() if row.status == _ABSENT and final.value is None and name in asked
    ]
    open_ones = [final for name, final in asked.items() if final.value is None and name not in absent]
    known = [final.value for final in asked.values() if final.value is not None]
    most = sum(_worth(part, shares) for part in parts if part.name not in finals or part.name in asked)
    return Final(
        max_score=most,
        value=round(sum(known), 9) if known and not open_ones else None,
        adjustment=_sum([final.adjustment for final in finals.values()]),
        late_days=max((final.late_days for final in finals.values() if final.late_days is not None), default=None),
        late_penalty=_sum([final.late_penalty for final in finals.values()]),
        late=_any([final.late for final in finals.values()]),
        submitted_at=max((final.submitted_at for final in finals.values()), key=_when, default=""),
        excused=excused,
        review=tuple(Review(one.entry, f"{name}: {one.why}") for name, final in finals.items() for one in final.review),
        comments=tuple(dict.fromkeys(comment for final in finals.values() for comment in final.comments)),
    )


def _worth(part: Part, shares: dict[str, Share]) -> float:
    """The marks that a part is out of: as it was graded, or else as its config says."""
    graded = shares[part.name][1].max_score if part.name in shares else 0.0
    return graded or part.config.max_score


def _when(text: str) -> datetime:
    """For the latest of several times; one that cannot be read comes before all others."""
    return moment_in(text, timezone.utc) or datetime.min.replace(tzinfo=timezone.utc)


def _columns(parts: Parts, one: Whole) -> Iterator[object]:
    for part in parts:
        if part.name not in one.shares:
            yield from (None, "", None)
            continue
        row, final = one.shares[part.name]
        yield from (row.score if row.status == "graded" else None, row.status, final.value)


def _flags(one: Whole) -> str:
    return "; ".join(
        dict.fromkeys(f"{part}: {kind}{f' {gradient}' if gradient else ''}" for part, kind, gradient in one.flags)
    )


def _marks(final: Final) -> str:
    if final.excused:
        return "excused"
    return "none yet" if final.value is None else f"{number(final.value)} of {number(final.max_score)}"


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _any(values: Sequence[bool | None]) -> bool | None:
    known = [value for value in values if value is not None]
    return any(known) if known else None
