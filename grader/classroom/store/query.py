"""Read grades.db, never write it: the students with their grades, and what is still to be graded.

Works while a batch is writing.
"""

import os
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timezone
from pathlib import Path
from typing import Any

import msgspec

from grader.classroom.store.database import BUSY_SECONDS, connect, database_in, explained
from grader.classroom.store.schema import SCHEMA_VERSION, check_version, create_or_migrate
from grader.errors import UsageError, did_you_mean
from grader.problem.fingerprint import Fingerprint, Runtime
from grader.records.result import Grade
from grader.times import moment_in

_SHOWN = 8  # names in a message


class StudentRow(msgspec.Struct, frozen=True):
    """One row of the view `current`: a student, and the current grading where there is one.

    Attributes:
        first_at: when the file that counts was submitted first.
        superseded: an earlier attempt counts, not the latest.
        status: graded, not_graded, or why there is no grading: waiting, missing or unreadable.
    """

    student_id: int
    student: str
    name: str
    email: str
    sid: str
    ids: dict[str, str]
    group_name: str
    late: bool | None
    submitted_at: str
    submission_id: int
    first_at: str
    superseded: bool
    file: str
    problem: str
    note: str
    grading_id: int | None
    run_id: int | None
    status: str
    score: float | None
    max_score: float | None
    grade: Grade | None


class Results:
    """A results folder, opened for reading."""

    def __init__(self, folder: Path) -> None:
        """Open the database.

        Raises:
            UsageError: there is no such folder, or it holds no store.
            StoreError: the store is of another version.
        """
        self.folder = folder
        path = database_in(folder)
        with explained(folder):
            self.connection = _opened(path)
            self.connection.execute("PRAGMA query_only = ON")
            self.connection.row_factory = sqlite3.Row

    @classmethod
    def within(cls, folder: Path, connection: sqlite3.Connection) -> "Results":
        """The same through a connection that is open already, in whose transaction everything is read."""
        results = cls.__new__(cls)
        results.folder, results.connection = folder, connection
        connection.row_factory = sqlite3.Row
        return results

    def students(self, status: str = "%") -> Iterator[StudentRow]:
        """Every student, or those with a status, by key; one at a time, so that a class of any size fits into memory."""
        sql = "SELECT student_id FROM current WHERE status LIKE ? ORDER BY student"
        return self._rows([row[0] for row in self.connection.execute(sql, (status,))])

    def find(self, wanted: str, *, whole: bool = False) -> list[StudentRow]:
        """The students whose key, e-mail, number or name is `wanted`; if there are none, whose key or name contains it.

        Args:
            whole: a part of the key or name is not enough.
        """
        rows = self.connection.execute(
            "SELECT student_id, student, name, email, sid FROM current ORDER BY student"
        ).fetchall()
        folded = _folded(wanted)
        exact = [row for row in rows if folded in [_folded(str(text)) for text in tuple(row)[1:]]]
        near = (
            []
            if whole
            else [row for row in rows if folded in _folded(row["student"]) or folded in _folded(row["name"])]
        )
        return list(self._rows([row["student_id"] for row in exact or near]))

    def by_key(self, key: str) -> StudentRow | None:
        """The student with this key."""
        sql = "SELECT student_id FROM current WHERE student = ?"
        return next(self._rows([row[0] for row in self.connection.execute(sql, (key,))]), None)

    def _rows(self, numbers: Iterable[int]) -> Iterator[StudentRow]:
        for number in numbers:
            row = self.connection.execute("SELECT * FROM current WHERE student_id = ?", (number,)).fetchone()
            if row is not None:
                yield _student(row)

    def flags(self, submission: int) -> list[tuple[str, str, str]]:
        """(kind, gradient, detail)"""
        sql = "SELECT kind, gradient, detail FROM current_flags WHERE submission_id = ? ORDER BY kind, gradient, detail"
        return [tuple(row) for row in self.connection.execute(sql, (submission,))]

    def source(self, submission: int) -> bytes | None:
        row = self.connection.execute("SELECT source FROM submissions WHERE id = ?", (submission,)).fetchone()
        return None if row is None else row[0]

    def history(self, submission: int) -> list[sqlite3.Row]:
        """The gradings of a submission, the oldest first: kind, graded_at, status, score, max_score."""
        sql = (
            "SELECT rounds.kind, graded_at, gradings.status, score, max_score FROM gradings"
            " JOIN rounds ON rounds.id = gradings.round_id WHERE submission_id = ? ORDER BY gradings.id"
        )
        return self.connection.execute(sql, (submission,)).fetchall()

    def attempts(self, submission: int) -> list[sqlite3.Row]:
        """All submissions of the student who made this one, the oldest first: id, name, submitted_at, first_at, superseded,
        problem, status, score, max_score, grade."""
        sql = (
            "SELECT submissions.id, submissions.name, submitted_at, first_at, superseded, submissions.problem, gradings.status,"
            " gradings.score, gradings.max_score, gradings.grade FROM submissions LEFT JOIN gradings ON gradings.id = grading_id"
            " WHERE submissions.key = (SELECT key FROM submissions WHERE id = ?) ORDER BY submissions.id"
        )
        rows = self.connection.execute(sql, (submission,)).fetchall()
        times = {row["id"]: moment_in(row["submitted_at"], timezone.utc) for row in rows}
        timed = None not in times.values()
        return sorted(rows, key=lambda row: (not row["superseded"], times[row["id"]] if timed else 0, row["id"]))

    def refused(self) -> list[tuple[str, str]]:
        return [tuple(row) for row in self.connection.execute("SELECT path, reason FROM refused ORDER BY path")]

    def gradients(self) -> list[tuple[str, float]]:
        """(name, marks) of the gradients of the assignment, in its order, as last graded."""
        last = "(SELECT MAX(grading_id) FROM submissions)"
        sql = f"SELECT name, max_score FROM gradients WHERE grading_id = {last} ORDER BY position"  # noqa: S608, ours
        return [tuple(row) for row in self.connection.execute(sql)]

    def counts(self) -> dict[str, int]:
        """How many students have each status."""
        return dict(self.connection.execute("SELECT status, COUNT(*) FROM current GROUP BY status").fetchall())

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> "Results":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _opened(path: Path) -> sqlite3.Connection:
    """A store of an older grader is brought up to date first; where it cannot be written, in memory."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?{_mode(path)}", timeout=BUSY_SECONDS, uri=True)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        check_version(version)
        if version in (0, SCHEMA_VERSION):
            return connection
        if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
            connect(path).close()
            return connection
        copy = sqlite3.connect(":memory:", isolation_level=None)
        connection.backup(copy)
        create_or_migrate(copy)
    except BaseException:
        connection.close()
        raise
    connection.close()
    return copy


def _mode(path: Path) -> str:
    """How to open the database: writable, although nothing is written, so that SQLite removes its own files when it closes.

    In a folder that cannot be written, such as a backup, only as a file that nobody changes.
    """
    if os.access(path.parent, os.W_OK) or path.with_name(f"{path.name}-wal").exists():
        return "mode=rw"
    return "mode=ro&immutable=1"


def _student(row: sqlite3.Row) -> StudentRow:
    values: dict[str, Any] = dict(row)
    late, grade = values["late"], values["grade"]
    values["ids"] = msgspec.json.decode(values["ids"], type=dict[str, str])
    values["late"] = None if late is None else bool(late)
    values["superseded"] = bool(values["superseded"])
    values["grade"] = None if grade is None else msgspec.json.decode(grade, type=Grade)
    return StudentRow(**values)


def find_one(results: Results, wanted: str, *, whole: bool = False) -> StudentRow:
    """The one student who is meant.

    Args:
        whole: a part of a key or name is not enough, as where marks change.

    Raises:
        UsageError: nobody, or several; the message names them.
    """
    found = results.find(wanted, whole=whole)
    holder = [row for row in found if row.student == wanted]  # somebody else may have this key for a name
    if holder and not any(_is_namesake(holder[0], row) for row in found):
        found = holder
    if not found:
        near = did_you_mean(wanted, [row[0] for row in results.connection.execute("SELECT key FROM students")])
        parts = [row.student for row in results.find(wanted)] if whole else []
        alike = f"; a part of a name is not enough here: did you mean {' or '.join(parts[:_SHOWN])}?" if parts else near
        raise UsageError(f"{results.folder}: no student {wanted}{alike}")
    if len(found) > 1:
        names = ", ".join(row.student for row in found[:_SHOWN]) + (" ..." if len(found) > _SHOWN else "")
        raise UsageError(
            f"{results.folder}: {wanted} could be {len(found)} students: {names}; name one of them exactly"
        )
    return found[0]


def _is_namesake(holder: StudentRow, other: StudentRow) -> bool:
    """Whether `other` has the name that is the key of `holder`, who can be named in another way."""
    same = other.student != holder.student and holder.name == other.name == holder.student
    return same and bool(holder.email or holder.sid)


# --- what is still to be graded -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Todo:
    """A submission without a grading in a grading run.

    Attributes:
        run_id: its latest run, None if it never ran.
        regradable: that run is one at the present sample points, of all the functions.
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
        " WHERE source IS NOT NULL AND (grading_id IS NULL OR gradings.run_id IS NULL) ORDER BY submissions.id"
    )
    return [row[0] for row in db.execute(sql)]


def not_in_grading_run(db: sqlite3.Connection, grading_run: int, state: Fingerprint) -> list[Todo]:
    """Submissions with a file that this grading run has not graded yet."""
    sql = (
        "SELECT submissions.id, runs.id, runs.steps_hash, runs.runtime, runs.answers_hash FROM submissions"
        " LEFT JOIN runs ON runs.id = (SELECT MAX(id) FROM runs WHERE submission_id = submissions.id)"
        " WHERE source IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM gradings WHERE submission_id = submissions.id AND round_id = ?) ORDER BY submissions.id"
    )
    todo = []
    for submission, run_id, steps, runtime, answers in db.execute(sql, (grading_run,)).fetchall():
        if run_id is None:
            todo.append(Todo(submission, None, regradable=False, same_runtime=False))
            continue
        was = msgspec.json.decode(runtime, type=Runtime)
        regradable = steps == state.steps and set(state.runtime.functions) <= set(was.functions)
        todo.append(Todo(submission, run_id, regradable, was == state.runtime, answers))
    return todo


def _folded(text: str) -> str:
    """Without case and accents: `bela` finds Béla."""
    parts = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))
