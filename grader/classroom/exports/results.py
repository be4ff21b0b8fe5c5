"""Everything that a results folder holds besides the store, written from the store: grades.csv, refused.csv and feedback."""

from pathlib import Path

from grader.atomic import write_file
from grader.classroom.exports.cells import csv_file
from grader.classroom.exports.feedback import write_feedback
from grader.classroom.store.database import explained
from grader.classroom.store.outputs import note_written, results_hash
from grader.classroom.store.query import Results, StudentRow
from grader.config.keys import Config

_HEAD = ["student", "name", "email", "sid", "group", "late", "submitted_at", "status", "score", "max_score"]
_TAIL = ["flags", "file", "note"]


def write_results(folder: Path, config: Config) -> list[Path]:
    """Write grades.csv, the feedback and, where anything of the download was not taken, refused.csv.

    A file that would stay the same is not touched.

    Raises:
        StoreError: the disk is full, or the folder cannot be written.
    """
    with explained(folder), Results(folder) as results:
        table, shown = folder / "grades.csv", results_hash(results)
        write_file(table, grades_csv(results))
        note_written(results, table, "export csv", shown)
        written = [table, write_feedback(folder / "feedback", results, config)]
        refused, rows = folder / "refused.csv", results.refused()
        if rows:
            write_file(refused, csv_file([("path", "reason"), *rows]))
            return [*written, refused]
        refused.unlink(missing_ok=True)  # of an earlier download
        return written


def grades_csv(results: Results) -> bytes:
    """grades.csv: a row per student, sorted, with two columns per gradient.

    A student without a grading has no score, and the status says why.
    """
    names = [name for name, _ in results.gradients()]
    columns = [column for name in names for column in (name, f"{name} status")]
    rows = ([*_who(row), *_marks(row, names), *_rest(row, results)] for row in results.students())
    return csv_file([[*_HEAD, *columns, *_TAIL], *rows])


def _who(row: StudentRow) -> list[object]:
    known = [row.student, row.name, row.email, row.sid, row.group_name, row.late, row.submitted_at, row.status]
    return [*known, row.score if row.status == "graded" else None, row.max_score]


def _marks(row: StudentRow, names: list[str]) -> list[object]:
    found = {one.name: one for one in row.grade.gradients} if row.grade else {}
    scores = {name: one.score for name, one in found.items() if one.status != "not_graded"}
    return [value for name in names for value in (scores.get(name), found[name].status if name in found else "")]


def _rest(row: StudentRow, results: Results) -> list[object]:
    flags = [f"{kind}{f' {gradient}' if gradient else ''}" for kind, gradient, _ in results.flags(row.submission_id)]
    message = row.grade.message if row.grade is not None else ""
    return ["; ".join(dict.fromkeys(flags)), row.file, "; ".join(filter(None, [row.problem, message, row.note]))]
