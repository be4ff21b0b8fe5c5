"""What a report is made from, read out of RESULTS/grades.db in one query.  The only module here that knows the store."""

import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from grader.classroom.store.database import explained
from grader.classroom.store.packing import unpack_run
from grader.classroom.store.query import Results
from grader.classroom.store.schema import StoreError
from grader.records.result import Grade
from grader.records.run import Run


@dataclass(frozen=True)
class Flag:
    """Something that a person should look at: numerical, tamper, identical, unstable, ..."""

    kind: str
    gradient: str
    detail: str


@dataclass(frozen=True)
class Record:
    """One student and the grading in force.  Every text in it is hostile.

    Attributes:
        key: the student's name in the store and of the feedback file; no two are equal.
        status: graded, not_graded, missing (no file), unreadable, or waiting.
        grade: None where nothing was graded; then `problem` says why.
        source: the file as it was handed in; empty where there was none.
        steps_hash: of the numbers that the functions were called with (grader.problem.fingerprint).
    """

    key: str
    name: str
    status: str
    grade: Grade | None = None
    problem: str = ""
    run: Run | None = None
    source: bytes = b""
    steps_hash: str = ""
    late: bool = False
    flags: list[Flag] = field(default_factory=list)


@dataclass(frozen=True)
class Class:
    """All records, in the order of their keys.

    Attributes:
        graded_at: time of the newest grading, ISO 8601 in UTC; "" if there is none.
        states: the states of the assignment, as hashes of its spec and its solution, under which the gradings in force were made.
    """

    records: list[Record]
    graded_at: str = ""
    states: frozenset[tuple[str, str]] = frozenset()


_RECORDS = """
SELECT current.student, current.name, current.status, current.grade, current.problem, current.late, current.submission_id,
       submissions.source, runs.answers, runs.steps_hash, gradings.graded_at, rounds.spec_hash, rounds.solution_hash
FROM current
JOIN submissions ON submissions.id = current.submission_id
LEFT JOIN gradings ON gradings.id = current.grading_id
LEFT JOIN runs ON runs.id = current.run_id
LEFT JOIN rounds ON rounds.id = gradings.round_id
ORDER BY current.student
"""


def read_class(folder: Path) -> Class:
    """Read everything that a report says of a class; changes nothing in the store.

    Raises:
        StoreError: `folder` holds no store, or one that cannot be read.
    """
    with Results(folder) as results, explained(folder):
        results.connection.execute("BEGIN")  # one state of the store, even while a batch goes on writing
        flags = _flags(results.connection)
        rows = [tuple(row) for row in results.connection.execute(_RECORDS)]
    try:
        records = [_record(row, flags) for row in rows]
    except msgspec.MsgspecError as error:
        raise StoreError(
            f"{folder}: a grading in the store cannot be read: {error}; judge it again with `grader regrade`"
        ) from error
    return Class(
        records=records,
        graded_at=max((row[10] for row in rows if row[10]), default=""),
        states=frozenset((row[11], row[12]) for row in rows if row[11] is not None),
    )


def _flags(connection: sqlite3.Connection) -> dict[int, list[Flag]]:
    found: dict[int, list[Flag]] = defaultdict(list)
    for submission, kind, gradient, detail in connection.execute(
        "SELECT submission_id, kind, gradient, detail FROM current_flags ORDER BY kind, gradient, detail"
    ):
        found[submission].append(Flag(kind, gradient, detail))
    return found


def _record(row: tuple[object, ...], flags: dict[int, list[Flag]]) -> Record:
    key, name, status, grade, problem, late, submission, source, answers, steps_hash, *_ = row
    return Record(
        key=str(key),
        name=str(name),
        status=str(status),
        grade=msgspec.json.decode(str(grade), type=Grade) if grade is not None else None,
        problem=str(problem),
        run=unpack_run(answers) if isinstance(answers, bytes) else None,
        source=source if isinstance(source, bytes) else b"",
        steps_hash=str(steps_hash or ""),
        late=bool(late),
        flags=flags.get(submission, []) if isinstance(submission, int) else [],
    )
