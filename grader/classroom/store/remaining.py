"""What a pass still has to do.  Reads the store."""

import sqlite3
from dataclasses import dataclass

import msgspec

from grader.problem.fingerprint import Fingerprint, Runtime


@dataclass(frozen=True)
class Todo:
    """A submission without a grading in a pass.

    Attributes:
        run_id: its latest run, None if it never ran.
        judgeable: that run is one at the present steps, of all the functions.
        same_runtime: that run was made under the present limits, Python and numpy.
        answers: what that run answered, as a hash.
    """

    submission: int
    run_id: int | None
    regradable: bool
    same_runtime: bool
    answers: str = ""


def ungraded(db: sqlite3.Connection) -> list[int]:
    """Submissions with a file and without a grading that says something about it."""
    sql = (
        "SELECT submissions.id FROM submissions LEFT JOIN gradings ON gradings.id = grading_id"
        " WHERE superseded = 0 AND source IS NOT NULL AND (grading_id IS NULL OR gradings.run_id IS NULL) ORDER BY submissions.id"
    )
    return [row[0] for row in db.execute(sql)]


def not_in_round(db: sqlite3.Connection, round_id: int, state: Fingerprint) -> list[Todo]:
    """Submissions with a file, graded before, that this pass has not graded yet."""
    sql = (
        "SELECT submissions.id, runs.id, runs.steps_hash, runs.runtime, runs.answers_hash FROM submissions"
        " LEFT JOIN runs ON runs.id = (SELECT MAX(id) FROM runs WHERE submission_id = submissions.id)"
        " WHERE superseded = 0 AND source IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM gradings WHERE submission_id = submissions.id AND round_id = ?) ORDER BY submissions.id"
    )
    todo = []
    for submission, run_id, points, runtime, answers in db.execute(sql, (round_id,)).fetchall():
        if run_id is None:
            todo.append(Todo(submission, None, regradable=False, same_runtime=False))
            continue
        was = msgspec.json.decode(runtime, type=Runtime)
        regradable = points == state.steps and set(state.runtime.functions) <= set(was.functions)
        todo.append(Todo(submission, run_id, regradable, was == state.runtime, answers))
    return todo
