"""Replay the ledger over the grader's marks of one student.  Pure.

An entry on a gradient or on the whole was made for a verdict: status, marks, maximum.  Where the present verdict is another
one, the entry still counts, but needs a person to confirm it before the marks go anywhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from grader.classroom.exports.cells import number
from grader.classroom.store.ledger import MARKS, Entry
from grader.output.wording import STATUS_LABELS
from grader.records.result import Grade


@dataclass(frozen=True)
class Review:
    """An entry that needs to be confirmed, and why."""

    entry: Entry
    why: str


@dataclass(frozen=True)
class Adjusted:
    """Marks under the ledger.

    Attributes:
        total: None where nothing is known of the submission and the ledger does not say it all.
        before: the grader's own; None where there are none.
        lines: what changed, for the student.
    """

    total: float | None
    before: float | None
    lines: tuple[str, ...] = ()
    review: tuple[Review, ...] = ()


def verdict_of(grade: Grade | None, status: str, gradient: str = "") -> str:
    """What the grader says of a gradient, or of the whole: status, marks, maximum; as JSON."""
    if grade is None or not gradient:
        known = grade is not None and grade.status == "graded"
        return _json([status, grade.score, grade.max_score] if grade is not None and known else [status])
    found = next((one for one in grade.gradients if one.name == gradient), None)
    return _json(["absent"] if found is None else [found.status, found.score, found.max_score])


def _json(value: list[object]) -> str:
    return msgspec.json.encode(value).decode()


def replay(
    grade: Grade | None, status: str, gradients: Sequence[tuple[str, float]], entries: Iterable[Entry]
) -> Adjusted:
    """Apply the entries of one student, the oldest first.

    Args:
        status: of the student's row: graded, missing, ...
        gradients: name and maximum of each gradient of the assignment.
        entries: those that are not undone.
    """
    entries = [*entries]
    graded = grade is not None and status == "graded"
    before = grade.score if grade is not None and graded else None
    marks = {one.name: one.score for one in grade.gradients} if grade is not None and graded else {}
    offset, lines, given = 0.0, [], set()
    asked = {one.name for one in grade.gradients} if grade is not None else {name for name, _ in gradients}
    if not graded and status in ("missing", "unreadable"):
        marks = {name: 0.0 for name, _ in gradients}  # there is no submission that could earn marks
    elif before is not None:
        offset = before - sum(marks.values())
    for one in (one for one in entries if one.kind in MARKS):
        value = one.value or 0.0
        if one.gradient and one.gradient not in asked:
            continue  # it is no longer asked for; `_reviews` says so
        so_far = sum(marks.values()) + offset
        if one.gradient:
            was = marks.get(one.gradient, 0.0)
            marks[one.gradient] = value if one.kind == "score" else max(0.0, was + value)
            given.add(one.gradient)
            lines.append(_line(f"{one.gradient}: {number(marks[one.gradient])} marks instead of {number(was)}", one))
        elif one.kind == "score":
            offset += value - so_far
            given |= {name for name, _ in gradients}
            lines.append(_line(f"{number(value)} marks in all instead of {number(so_far)}", one))
        else:
            offset += value
            lines.append(_line(f"{value:+.4f}".rstrip("0").rstrip(".") + " marks", one))
    decided = bool(lines) and (status in ("missing", "unreadable") or given >= {name for name, _ in gradients})
    known = graded or decided
    summed = sum(marks.values()) + offset
    if lines and summed < 0:
        lines.append("No mark is below 0.")
    total = round(max(0.0, summed), 9) if known else None
    return Adjusted(total, before, tuple(lines), tuple(_reviews(grade, status, entries)))


def _line(what: str, entry: Entry) -> str:
    return f"{what}: {entry.reason}" if entry.reason else f"{what}."


def _reviews(grade: Grade | None, status: str, entries: Sequence[Entry]) -> Iterable[Review]:
    confirmed = {one.target: one.verdict for one in entries if one.kind == "confirm"}  # of several the newest
    for one in (one for one in entries if one.kind in MARKS):
        made_for, now = confirmed.get(one.id, one.verdict), verdict_of(grade, status, one.gradient)
        if made_for != now:
            what = one.gradient or "the submission"
            before, after = _shown(made_for, "was", "had"), _shown(now, "is", "has")
            yield Review(one, f"{what} {before} when the entry was made, and {after} now")


def _shown(verdict: str, was: str, had: str) -> str:
    """Such as `was "wrong, 4 of 10 marks"` or, of a whole submission, `had 14 of 20 marks`."""
    status, *marks = msgspec.json.decode(verdict) if verdict else ["unknown"]
    status = str(status)
    worth = f"{number(marks[0])} of {number(marks[1])} marks" if marks else ""
    if status == "graded" and worth:
        return f"{had} {worth}"
    label = next((label for known, label in STATUS_LABELS.items() if known == status), "")
    words = ", ".join(filter(None, [label or status.replace("_", " "), worth]))
    return f'{was} "{words}"' if label else f"{was} {words}"
