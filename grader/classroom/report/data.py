"""What a report is made from, read out of RESULTS/grades.db in one query.  The only module here that knows the store."""

import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from grader.classroom.exports.changes import Change, find_changes
from grader.classroom.marks.final import Final, FinalMarks
from grader.classroom.report.sections import read_sections
from grader.classroom.store.database import explained
from grader.classroom.store.packing import unpack_run
from grader.classroom.store.query import Results
from grader.classroom.store.schema import StoreError
from grader.config.late import Late
from grader.records.result import Grade, Signal
from grader.records.run import Run


@dataclass(frozen=True)
class Record:
    """One student and the current grade.  Every text in it is hostile.

    Attributes:
        key: the student's name in the store and of the feedback file; no two are equal.
        status: graded, not_graded, missing (no file), unreadable, or waiting.
        grade: None where nothing was graded; then `problem` says why.
        source: the file as it was submitted; empty where there was none.
        steps_hash: of the numbers at the sample points that were used (grader.problem.fingerprint).
        submission: its number in the store, the same for all who submitted together; 0 where it is not known.
        section: of a roster, or the group that submitted together; "" for none.
        flags: integrity signals, those found by comparing files included.
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
    email: str = ""
    section: str = ""
    final: Final | None = None
    submission: int = 0
    flags: list[Signal] = field(default_factory=list)


@dataclass(frozen=True)
class Class:
    """All records, in the order of their keys.

    Attributes:
        graded_at: time of the newest grading, ISO 8601 in UTC; "" if there is none.
        policy: the late policy that the final marks are under.
        changes: what the last grading run changed, and `last_run`, what that was and when.
        states: hashes of the spec and the solution under which the current gradings were made.
    """

    records: list[Record]
    graded_at: str = ""
    states: frozenset[tuple[str, str]] = frozenset()
    policy: Late | None = None
    changes: list[Change] = field(default_factory=list)
    last_run: str = ""


_RECORDS = """
SELECT current.student, current.name, current.status, current.grade, current.problem, current.email,
       current.group_name, current.submission_id,
       submissions.source, runs.answers, runs.steps_hash, gradings.graded_at, rounds.spec_hash, rounds.solution_hash
FROM current
JOIN submissions ON submissions.id = current.submission_id
LEFT JOIN gradings ON gradings.id = current.grading_id
LEFT JOIN runs ON runs.id = current.run_id
LEFT JOIN rounds ON rounds.id = gradings.round_id
ORDER BY current.student
"""
_FLAGS = "SELECT submission_id, kind, detail, gradient FROM current_flags ORDER BY kind, gradient, detail"


def read_class(folder: Path, roster: Path | None = None, column: str = "") -> Class:
    """Read everything that a report shows of a class; changes nothing in the store.

    Args:
        roster: a table whose `column` names the section of each student.

    Raises:
        UsageError: the roster is no such table.
        UsageError: `folder` holds no store.
        StoreError: it holds one that cannot be read.
    """
    try:
        with Results(folder) as results, explained(folder):
            results.connection.execute("BEGIN")  # one state of the store, even while a batch goes on writing
            flags: dict[int, list[Signal]] = defaultdict(list)
            for submission, *signal in results.connection.execute(_FLAGS):
                flags[submission].append(Signal(*signal))
            rows = results.connection.execute(_RECORDS).fetchall()
            sections = None if roster is None else read_sections(results, roster, column)
            marks = FinalMarks(results)
            finals = {row.student: marks.of(row) for row in results.students()}
            last_run, changes = _last_run(results)
        records = [_record(row, flags[row["submission_id"]], finals[row["student"]], sections) for row in rows]
    except msgspec.MsgspecError as error:
        raise StoreError(
            f"{folder}: a grading in the store cannot be read: {error}; grade it again with `grader regrade`"
        ) from error
    return Class(
        records=records,
        graded_at=max((row["graded_at"] for row in rows if row["graded_at"]), default=""),
        policy=marks.policy,
        changes=changes,
        last_run=last_run,
        states=frozenset((row["spec_hash"], row["solution_hash"]) for row in rows if row["spec_hash"] is not None),
    )


def _last_run(results: Results) -> tuple[str, list[Change]]:
    """(kind and time of the last grading run, what it changed on submissions that had been graded before)"""
    sql = "SELECT id, kind, started_at FROM rounds ORDER BY id DESC LIMIT 1"
    row = results.connection.execute(sql).fetchone()
    if row is None:
        return "", []
    changes = [change for change in find_changes(results, row["id"]) if change.status_before]
    return f"{row['kind']} of {row['started_at'][:16].replace('T', ' ')} UTC", changes


def _record(row: sqlite3.Row, flags: list[Signal], final: Final, sections: dict[str, str] | None) -> Record:
    return Record(
        key=row["student"],
        name=row["name"],
        status=row["status"],
        grade=None if row["grade"] is None else msgspec.json.decode(row["grade"], type=Grade),
        problem=row["problem"],
        run=None if row["answers"] is None else unpack_run(row["answers"]),
        source=row["source"] or b"",
        steps_hash=row["steps_hash"] or "",
        late=bool(final.late),
        email=row["email"],
        section=row["group_name"] if sections is None else sections.get(row["student"], ""),
        final=final,
        submission=row["submission_id"],
        flags=flags,
    )
