"""Put gradings into the store.  One transaction per submission; rows are added, and the newest is in force."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from grader.classroom.store.database import clean, now
from grader.classroom.store.rows import gradient_row, mistake_rows
from grader.classroom.store.store import Store
from grader.problem.fingerprint import Runtime
from grader.records.result import Grade

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
    """Add a grading, the run that it is of where that is new, and put it in force: all in one transaction."""
    decoded = msgspec.json.decode(grade, type=Grade)
    with store.transaction() as db:
        if run is not None:
            run_id = _add_run(db, submission, round_id, run)
        _add_grading(db, (submission, run_id, round_id), decoded, grade, _Rows(decoded, flags))


class _Rows:
    """What a grade adds to the other tables, without the numbers of the submission and of the grading."""

    def __init__(self, grade: Grade, flags: Iterable[Flag]) -> None:
        self.gradients = [gradient_row(k, gradient) for k, gradient in enumerate(grade.gradients)]
        self.mistakes = list(mistake_rows(grade))
        self.flags = [(kind, gradient, clean(detail)) for kind, gradient, detail in flags]


def _add_grading(
    db: sqlite3.Connection, of: tuple[int, int | None, int], grade: Grade, as_json: bytes, rows: _Rows
) -> None:
    """Add one grading `of` a submission, a run and a pass."""
    submission = of[0]
    number = db.execute(
        "INSERT INTO gradings (submission_id, run_id, round_id, status, score, max_score, grade, graded_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*of, grade.status, grade.score, grade.max_score, as_json.decode(), now()),
    ).lastrowid
    _add(db, "gradients", number, rows.gradients)
    _add(db, "mistakes", number, rows.mistakes)
    db.executemany(
        "INSERT INTO flags (submission_id, grading_id, kind, gradient, detail) VALUES (?, ?, ?, ?, ?)",
        [(submission, number, *flag) for flag in rows.flags],
    )
    db.execute("UPDATE submissions SET grading_id = ? WHERE id = ?", (number, submission))


def _add(db: sqlite3.Connection, table: str, number: int | None, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows to one of our tables, the number of the grading before each."""
    if rows:
        marks = ", ".join("?" * (1 + len(rows[0])))
        db.executemany(f"INSERT INTO {table} VALUES ({marks})", [(number, *row) for row in rows])  # noqa: S608


def _add_run(db: sqlite3.Connection, submission: int, round_id: int, run: RunRecord) -> int:
    cursor = db.execute(
        "INSERT INTO runs (submission_id, round_id, steps_hash, runtime, sandbox, answers, answers_hash, cpu_seconds,"
        " attempts, ran_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
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
        ),
    )
    return int(cursor.lastrowid or 0)
