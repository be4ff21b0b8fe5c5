"""The final marks of a class: the grader's, adjusted by the ledger, less what lateness costs.

Everything comes from the store: the policy is that of config.yaml in the last grading run, so it changes by a regrade.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grader.classroom.exports.cells import number
from grader.classroom.marks.lateness import Lateness, lateness, penalty
from grader.classroom.marks.replay import Adjusted, Review, replay
from grader.classroom.marks.submission_times import recorded_time, time_of
from grader.classroom.store.ledger import MARKS, Entry, read_ledger
from grader.classroom.store.policy import policy_of
from grader.classroom.store.query import Results, StudentRow


@dataclass(frozen=True)
class Final:
    """One student's final marks and how they come about.

    Attributes:
        value: None where there are no marks, or where they have to be confirmed first.
        adjustment: what the ledger changed; None where it changed nothing.
        late_days: None where there is no policy, or the time is unknown.
        late_penalty: None where there is no policy, or there are no marks.
        late: None where it is not known.
        submitted_at: when the file that counts was submitted; "" where it is not known.
        excused: no marks are asked for.
        review: entries that need confirmation.
        lines: the arithmetic, for the student.
        comments: on the submission, for the student, as written.
    """

    max_score: float
    value: float | None = None
    adjustment: float | None = None
    late_days: int | None = None
    late_penalty: float | None = None
    late: bool | None = None
    submitted_at: str = ""
    excused: bool = False
    review: tuple[Review, ...] = ()
    lines: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Marked:
    """A class with its marks: of one assignment, or of all parts of a homework together.

    Attributes:
        people: by key.
        finals: of each.
        gradients: (name, marks) of what is asked, in order.
    """

    people: list[StudentRow]
    finals: list[Final]
    gradients: list[tuple[str, float]]


def marked(results: "Results | Marked") -> Marked:
    """Every student with the final marks."""
    if isinstance(results, Marked):
        return results
    people, marks = list(results.students()), FinalMarks(results)
    return Marked(people, [marks.of(row) for row in people], results.gradients())


class FinalMarks:
    """The final marks under one state of the store."""

    def __init__(self, results: Results) -> None:
        self.policy = policy_of(results.connection)
        self.ledger = read_ledger(results.connection)
        self._gradients = results.gradients()

    def of(self, row: StudentRow) -> Final:
        """The final marks of a student."""
        entries = self.ledger.of(row.student)
        at = time_of(row.submission_id, row.first_at, entries)
        late = None if self.policy is None or not row.file else lateness(self.policy, at, entries)
        known = late is not None and late.at is not None
        graded = row.status == "graded" and row.max_score is not None
        final = Final(
            max_score=row.max_score or 0.0 if graded else sum(most for _, most in self._gradients),
            late_days=late.days if late is not None and known else None,
            late=not late.in_time if late is not None and known else row.late,
            submitted_at=at
            if late is not None or row.superseded
            else time_of(row.submission_id, row.submitted_at, entries),
            comments=tuple(
                f"{one.gradient}: {one.comment}" if one.gradient else one.comment for one in entries if one.comment
            ),
        )
        excuse = next((one for one in entries if one.kind == "excuse"), None)
        if excuse is not None:
            reason = f": {excuse.reason}" if excuse.reason else "."
            return replace(final, excused=True, lines=(f"You are excused{reason}",))
        adjusted = replay(row.grade, row.status, self._gradients, entries)
        if adjusted.total is None:
            return replace(final, review=adjusted.review)
        return self._marked(final, adjusted, adjusted.total, late, row.submission_id, entries)

    def _marked(
        self,
        final: Final,
        adjusted: Adjusted,
        total: float,
        late: Lateness | None,
        submission: int,
        entries: Sequence[Entry],
    ) -> Final:
        """`final` with marks: `total` less the penalty."""
        lost, lines = 0.0, list(adjusted.lines)
        if lines:
            before = "no marks" if adjusted.before is None else f"{number(adjusted.before)} marks"
            lines.insert(0, f"The grader gave {before}.")
        if self.policy is not None and late is not None:
            cost = penalty(self.policy, late, total, final.max_score)
            recorded = recorded_time(submission, entries)
            because = [f"The time was recorded by hand: {recorded.reason}"] if recorded and recorded.reason else []
            lost, lines = cost.marks, [*lines, *cost.lines, *because]
        value = round(total - lost, 9)
        if lines:
            sum_of = f"{number(total)} − {number(lost)} = " if lost else ""
            lines.append(f"Final mark: {sum_of}{number(value)} of {number(final.max_score)}.")
        marked = any(one.kind in MARKS for one in entries)
        return replace(
            final,
            value=None if adjusted.review else value,
            adjustment=round(total - (adjusted.before or 0.0), 9) if marked else None,
            late_penalty=None if self.policy is None else lost,
            review=adjusted.review,
            lines=tuple(lines),
        )
