"""grades.csv: a row per student, with two columns per gradient."""

from grader.classroom.exports.cells import cell, csv_text
from grader.classroom.store.query import Results, StudentRow
from grader.records.result import GradientResult

HEAD = ["student", "name", "email", "sid", "group", "late", "submitted_at", "status", "score", "max_score"]
TAIL = ["flags", "file", "note"]


def grades_csv(results: Results) -> str:
    """The table, sorted by student.  A student without a grading has no score, and the status says why."""
    names = [name for name, _ in results.gradients()]
    columns = [column for name in names for column in (name, f"{name} status")]
    rows = [[*HEAD, *columns, *TAIL]]
    for row in results.students():
        rows.append([*_who(row), *_marks(row, names), *_rest(row, results)])
    return csv_text(rows)


def _who(row: StudentRow) -> list[str]:
    known = [row.student, row.name, row.email, row.sid, row.group_name, row.late, row.submitted_at, row.status]
    graded = row.status == "graded"
    return [*map(cell, known), cell(row.score if graded else None), cell(row.max_score)]


def _marks(row: StudentRow, names: list[str]) -> list[str]:
    found: dict[str, GradientResult] = {one.name: one for one in row.grade.gradients} if row.grade else {}
    cells = []
    for name in names:
        gradient = found.get(name)
        score = gradient.score if gradient is not None and gradient.status != "not_graded" else None
        cells += [cell(score), cell(gradient.status if gradient is not None else "")]
    return cells


def _rest(row: StudentRow, results: Results) -> list[str]:
    flags = [f"{kind}{f' {gradient}' if gradient else ''}" for kind, gradient, _ in results.flags(row.submission_id)]
    message = row.grade.message if row.grade is not None else ""
    notes = "; ".join(text for text in (row.problem, message, row.note) if text)
    return [cell("; ".join(dict.fromkeys(flags))), cell(row.file), cell(notes)]
