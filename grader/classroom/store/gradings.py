"""Add gradings to the store, one transaction per submission.  Rows are only added; the newest grading is the current one."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from grader.classroom.store.database import clean, insert, now
from grader.classroom.store.store import Store
from grader.config.keys import CHECKS
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
    grading_run: int,
    grade: bytes,
    run: RunRecord | None = None,
    run_id: int | None = None,
    flags: Iterable[Flag] = (),
) -> None:
    """Add a grading, and the run that it is of where that is new, and make it the current one: all in one transaction."""
    decoded = msgspec.json.decode(grade, type=Grade)
    with store.transaction() as db:
        if run is not None:
            run_id = _add_run(db, submission, grading_run, run)
        row = {"submission_id": submission, "run_id": run_id, "round_id": grading_run, "graded_at": now()}
        marks = {"status": decoded.status, "score": decoded.score, "max_score": decoded.max_score}
        grading = insert(db, "gradings", {**row, **marks, "grade": grade.decode()})
        for position, gradient in enumerate(decoded.gradients):
            insert(db, "gradients", {"grading_id": grading, "position": position, **_gradient(gradient)})
            for k, mistake in enumerate(gradient.diagnosis.mistakes if gradient.diagnosis else ()):
                place = {"grading_id": grading, "gradient": gradient.name, "position": k, "place": mistake.where}
                insert(db, "mistakes", {**place, "kind": mistake.kind, "statement": mistake.statement})
        for kind, name, detail in flags:
            flag = {"kind": kind, "gradient": name, "detail": clean(detail)}
            insert(db, "flags", {"submission_id": submission, "grading_id": grading, **flag})
        db.execute("UPDATE submissions SET grading_id = ? WHERE id = ?", (grading, submission))


def _add_run(db: sqlite3.Connection, submission: int, grading_run: int, run: RunRecord) -> int:
    values = {
        "submission_id": submission,
        "round_id": grading_run,
        "steps_hash": run.steps_hash,
        "runtime": msgspec.json.encode(run.runtime).decode(),
        "sandbox": run.sandbox,
        "answers": run.packed,
        "answers_hash": run.answers_hash,
        "cpu_seconds": run.cpu_seconds,
        "attempts": run.attempts,
        "ran_at": now(),
    }
    return insert(db, "runs", values)


def _gradient(gradient: GradientResult) -> dict[str, object]:
    """The columns of `gradients` that say something of the gradient itself."""
    follow = gradient.follow_through
    outcomes = {check.name: check.outcome for check in gradient.checks}
    return {
        "name": gradient.name,
        "status": gradient.status,
        "score": gradient.score,
        "max_score": gradient.max_score,
        **{check: outcomes.get(check, "skipped") for check in CHECKS},
        "certainty": gradient.diagnosis.certainty if gradient.diagnosis else "",
        "follows": msgspec.json.encode(follow.sources if follow else []).decode(),
        "roots": msgspec.json.encode(follow.roots if follow else []).decode(),
        "line": gradient.line,
    }
