"""Everything that a results folder holds besides the store, written from the store: grades.csv, refused.csv and feedback."""

import sqlite3
from collections.abc import Collection
from pathlib import Path

from grader.atomic import write_file
from grader.classroom.exports.cells import csv_file
from grader.classroom.exports.feedback import write_feedback
from grader.classroom.marks.final import Final, FinalMarks
from grader.classroom.store.database import explained
from grader.classroom.store.ledger import writing
from grader.classroom.store.outputs import note_written, results_hash
from grader.classroom.store.query import Results, StudentRow
from grader.config.keys import Config

HEAD = ["student", "name", "email", "sid", "group", "late", "submitted_at", "status", "score", "max_score"]
FINAL = ["adjustment", "late_days", "late_penalty", "final"]
_TAIL = ["flags", "file", "note"]


def write_results(folder: Path, config: Config) -> list[Path]:
    """Write grades.csv, the feedback and, where anything of the download was not taken, refused.csv.

    A file that would stay the same is not touched.

    Raises:
        StoreError: the disk is full, or the folder cannot be written.
    """
    with explained(folder), writing(folder) as db, Results(folder) as results:
        written = _write(folder, results, config, db)
        refused, rows = folder / "refused.csv", results.refused()
        if rows:
            write_file(refused, csv_file([("path", "reason"), *rows]))
            return [*written, refused]
        refused.unlink(missing_ok=True)  # of an earlier download
        return written


def update_results(folder: Path, config: Config, students: Collection[str]) -> None:
    """Write again what shows the marks of these students, after an entry in the ledger.

    Raises:
        StoreError: the disk is full, or the folder cannot be written.
    """
    with explained(folder), writing(folder) as db, Results(folder) as results:
        _write(folder, results, config, db, students)


def _write(
    folder: Path, results: Results, config: Config, db: sqlite3.Connection, only: Collection[str] = ()
) -> list[Path]:
    """Write grades.csv and feedback while `db` keeps others from writing: the last one to write has read everything."""
    table, shown = folder / "grades.csv", results_hash(results)
    write_file(table, grades_csv(results))
    note_written(results, table, "export csv", shown, db)
    return [table, write_feedback(folder / "feedback", results, config, only)]


def grades_csv(results: Results) -> bytes:
    """grades.csv: a row per student, sorted, with two columns per gradient.

    A student without a grading has no score, and the status says why.  `final` is score + adjustment - late_penalty.
    """
    marks = FinalMarks(results)
    names = [name for name, _ in results.gradients()]
    columns = [column for name in names for column in (name, f"{name} status")]
    rows = (
        [*who(row, final), *how_marked(final), *_marks(row, names), *_rest(row, final, results)]
        for row in results.students()
        for final in (marks.of(row),)
    )
    return csv_file([[*HEAD, *FINAL, *columns, *_TAIL], *rows])


def who(row: StudentRow, final: Final) -> list[object]:
    """The cells below HEAD."""
    known = [row.student, row.name, row.email, row.sid, row.group_name, final.late, final.submitted_at, row.status]
    return [*known, row.score if row.status == "graded" else None, row.max_score]


def how_marked(final: Final) -> list[object]:
    """The cells below FINAL."""
    adjustment = "excused" if final.excused else final.adjustment
    return [adjustment, final.late_days, final.late_penalty, final.value]


def _marks(row: StudentRow, names: list[str]) -> list[object]:
    found = {one.name: one for one in row.grade.gradients} if row.grade else {}
    scores = {name: one.score for name, one in found.items() if one.status != "not_graded"}
    return [value for name in names for value in (scores.get(name), found[name].status if name in found else "")]


def _rest(row: StudentRow, final: Final, results: Results) -> list[object]:
    flags = [f"{kind}{f' {gradient}' if gradient else ''}" for kind, gradient, _ in results.flags(row.submission_id)]
    message = row.grade.message if row.grade is not None else ""
    waiting = [f"adjustment {one.entry.id} needs to be confirmed: {one.why}" for one in final.review]
    notes = filter(None, [*waiting, row.problem, message, row.note])
    return ["; ".join(dict.fromkeys(flags)), row.file, "; ".join(notes)]
