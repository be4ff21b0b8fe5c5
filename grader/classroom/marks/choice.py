"""Which attempt of a student counts, by `late.which`: the latest, the best, or the latest before the deadline.

The choice is stored as `students.submission_id`, on which every table, page and export is based.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import NamedTuple

from grader.classroom.marks.lateness import lateness, penalty
from grader.classroom.marks.submission_times import time_of
from grader.classroom.store.ledger import Entry, read_ledger
from grader.classroom.store.policy import policy_of
from grader.config.late import Late
from grader.times import moment_in

_START = datetime.min.replace(tzinfo=timezone.utc)


class Attempt(NamedTuple):
    """One submission of a student."""

    id: int
    superseded: bool
    first_at: str
    submitted_at: str
    score: float | None  # None where it is not graded
    max_score: float


def choose_attempts(db: sqlite3.Connection) -> None:
    """Let the attempt count that the policy of the last grading run asks for.  Within a transaction."""
    policy, ledger = policy_of(db), read_ledger(db)
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    sql = (
        "SELECT submissions.key, submissions.id, superseded, first_at, submitted_at,"
        " CASE gradings.status WHEN 'graded' THEN gradings.score END, COALESCE(gradings.max_score, 0) FROM submissions"
        " LEFT JOIN gradings ON gradings.id = grading_id ORDER BY submissions.id"
    )
    for key, *about in db.execute(sql):
        attempts[key].append(Attempt(*about))
    people = (
        "SELECT students.id, students.key, submission_id, submissions.key FROM students"
        " JOIN submissions ON submission_id = submissions.id"
    )
    for number, student, now, key in db.execute(people).fetchall():
        chosen = choose(policy, attempts[key], ledger.of(student))
        if chosen.id != now:
            db.execute("UPDATE students SET submission_id = ? WHERE id = ?", (chosen.id, number))


def choose(policy: Late | None, attempts: Sequence[Attempt], entries: Sequence[Entry]) -> Attempt:
    """The attempt that counts.

    Args:
        attempts: one at least; exactly one of them is not superseded.
        entries: of the ledger, on this student.
    """
    latest = next(one for one in attempts if not one.superseded)
    if policy is None or policy.which == "latest":
        return latest
    given = {one: _timed(one, entries) for one in attempts}
    chosen = _chosen(policy, list(given.values()), entries)
    return next((one for one in attempts if given[one] == chosen), latest)


def _timed(one: Attempt, entries: Sequence[Entry]) -> Attempt:
    """The attempt with the time that the ledger says."""
    first, last = (time_of(one.id, at, entries) for at in (one.first_at, one.submitted_at))
    return one._replace(first_at=first, submitted_at=last)


def _chosen(policy: Late, attempts: Sequence[Attempt], entries: Sequence[Entry]) -> Attempt | None:
    """The best, or the latest in time; None where there is none."""
    late = {one: lateness(policy, one.first_at, entries) for one in attempts}
    if policy.which == "latest_before_due":
        in_time = [one for one in attempts if late[one].in_time]
        return max(in_time, key=lambda one: _order(one, policy)) if in_time else None

    def worth(one: Attempt) -> float:
        marks = one.score or 0.0
        return marks - penalty(policy, late[one], marks, one.max_score).marks

    graded = [one for one in attempts if one.score is not None]
    return max(graded, key=lambda one: (worth(one), _order(one, policy))) if graded else None


def _order(one: Attempt, policy: Late) -> tuple[bool, datetime, int]:
    """The newest last."""
    return not one.superseded, moment_in(one.submitted_at, policy.zone) or _START, one.id
