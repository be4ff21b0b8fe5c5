"""Add gradings to the store, one transaction per submission.  Rows are only added; the newest grading is the current one."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from grader.classroom.store.database import clean, now
from grader.classroom.store.store import Store
from grader.problem.fingerprint import Runtime
from grader.records.result import Grade, GradientResult

Flag = tuple[str, str, str]  # kind, gradient, detail


@dataclass(frozen=True)
class RunRecord:
    """A run as it is stored; `packed` is the run itself in bytes."""

    packed: bytes
    answers_hash: str
    cpu_seconds: float
    attempts: int
    steps_hash: str
    runtime: Runtime
    sandbox: str


def record(
    store: Store,
    submission: int,
    round_id: int,
    grade: bytes,
    run: RunRecord | None = None,
    run_id: int | None = None,
    flags: Iterable[Flag] = (),
) -> None:
    """Add a grading, and the run that it is of where that is new, and make it the current one: all in one transaction."""
    decoded = msgspec.json.decode(grade, type=Grade)
    with store.transaction() as db:
        if run is not None:
            run_id = _add_run(db, submission, round_id, run)
        values = (submission, run_id, round_id, decoded.status, decoded.score, decoded.max_score, grade.decode(), now())
        columns = "submission_id, run_id, round_id, status, score, max_score, grade, graded_at"
        grading = _insert(db, f"gradings ({columns})", [values])
        gradients = [(grading, k, *_columns(gradient)) for k, gradient in enumerate(decoded.gradients)]
        _insert(db, "gradients", gradients)
        _insert(db, "mistakes", [(grading, *row) for row in _mistakes(decoded)])
        flagged = [(submission, grading, kind, gradient, clean(detail)) for kind, gradient, detail in flags]
        _insert(db, "flags (submission_id, grading_id, kind, gradient, detail)", flagged)
        db.execute("UPDATE submissions SET grading_id = ? WHERE id = ?", (grading, submission))


def _add_run(db: sqlite3.Connection, submission: int, round_id: int, run: RunRecord) -> int:
    values = (
        submission,
        round_id,
        run.steps_hash,
        msgspec.json.encode(run.runtime).decode(),
        run.sandbox,
        run.packed,
        run.answers_hash,
        run.cpu_seconds,
        run.attempts,
        now(),
    )
    columns = (
        "submission_id, round_id, steps_hash, runtime, sandbox, answers, answers_hash, cpu_seconds, attempts, ran_at"
    )
    return _insert(db, f"runs ({columns})", [values])


def _insert(db: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Add rows to one of our tables; returns the id of the last one where the table has ids."""
    last = None
    for row in rows:
        last = db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row).lastrowid  # noqa: S608
    return last or 0


def _columns(gradient: GradientResult) -> tuple[Any, ...]:
    """The columns of `gradients` after grading_id and position."""
    follow = gradient.follow_through
    outcomes = {check.name: check.outcome for check in gradient.checks}
    return (
        gradient.name,
        gradient.status,
        gradient.score,
        gradient.max_score,
        *(outcomes.get(check, "skipped") for check in ("shape", "finite_difference", "reference")),
        gradient.diagnosis.certainty if gradient.diagnosis else "",
        msgspec.json.encode(follow.sources if follow else []).decode(),
        msgspec.json.encode(follow.roots if follow else []).decode(),
        gradient.line,
    )


def _mistakes(grade: Grade) -> Iterator[tuple[Any, ...]]:
    """The columns of `mistakes` after grading_id."""
    for gradient in grade.gradients:
        for position, mistake in enumerate(gradient.diagnosis.mistakes if gradient.diagnosis else ()):
            yield gradient.name, position, mistake.kind, mistake.where, mistake.statement
