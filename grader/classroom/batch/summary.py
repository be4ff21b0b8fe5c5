"""What a batch says at its end.  Names are hostile: they go through `Text`, which knows no markup."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader.classroom.batch.batch import Outcome
from grader.classroom.batch.regrade import Regraded
from grader.classroom.exports.cells import number
from grader.classroom.store.outputs import outdated
from grader.classroom.store.query import Results
from grader.inputs.download import LAYOUTS
from grader.records.result import SIGNAL_WORDS
from grader.text import one_line

_SHOWN = 10


def print_summary(folder: Path, outcome: Outcome) -> None:
    """Print what was read, how it went, and what a person has to look at."""
    console = Console(highlight=False, soft_wrap=True)
    with Results(folder) as results:
        console.print(
            Text(f"{LAYOUTS[outcome.layout].called}: {outcome.taken} submissions, {outcome.graded} graded now")
        )
        _print_marks(console, results)
        listed = {status: _with_status(results, status) for status in ("missing", "unreadable", "not_graded")}
        _print_list(console, "no file to grade", listed["missing"])
        _print_list(console, "could not be read", listed["unreadable"])
        again = "not graded, through a fault of the grader: run the same command again, or `grader regrade`"
        _print_list(console, again, listed["not_graded"])
        older = "older in this download, so the newer file was kept (--force takes the older one)"
        _print_list(console, older, outcome.kept)
        _print_list(console, "older than what was graded, and taken because of --force", outcome.set_back)
        _print_list(console, "not in this download, kept from an earlier one", outcome.absent)
        _print_list(console, "not taken", [f"{path}: {reason}" for path, reason in results.refused()], "refused.csv")
        _print_flags(console, results)
        console.print(Text(f"written: {', '.join(str(path) for path in outcome.written)}"))
        _print_outdated(console, results)


def _print_marks(console: Console, results: Results) -> None:
    scores = [
        row[0] for row in results.connection.execute("SELECT score FROM current WHERE status = 'graded' ORDER BY score")
    ]
    if not scores:
        return
    full = results.connection.execute(
        "SELECT COUNT(*) FROM current WHERE status = 'graded' AND score >= max_score"
    ).fetchone()[0]
    middle = (
        scores[len(scores) // 2] if len(scores) % 2 else (scores[len(scores) // 2 - 1] + scores[len(scores) // 2]) / 2
    )
    (most,) = results.connection.execute("SELECT MAX(max_score) FROM current").fetchone()
    console.print(Text(f"{len(scores)} students have marks: median {middle:g} of {most:g}, {full} have all of them"))


def _with_status(results: Results, status: str) -> list[str]:
    rows = [row for row in results.students() if row.status == status]
    reasons = [(row.problem or (row.grade.message if row.grade else ""), row.note) for row in rows]
    return [f"{row.student}: {'; '.join(filter(None, why))}" for row, why in zip(rows, reasons, strict=True)]


def _print_flags(console: Console, results: Results) -> None:
    """How many students, then how many for each reason: one may be there for several."""
    (flagged,) = results.connection.execute("SELECT COUNT(DISTINCT submission_id) FROM current_flags").fetchone()
    sql = "SELECT kind, COUNT(DISTINCT submission_id) FROM current_flags GROUP BY kind ORDER BY kind"
    if flagged:
        console.print(Text(f"needs review: {flagged}, see the flags column of grades.csv", "bold"))
    for kind, count in results.connection.execute(sql):
        console.print(Text(f"  {SIGNAL_WORDS.get(kind, kind)}: {count}"))


def _print_list(console: Console, title: str, lines: list[str], rest: str = "grades.csv") -> None:
    if not lines:
        return
    console.print(Text(f"{title}: {len(lines)}", "bold"))
    for line in lines[:_SHOWN]:
        console.print(Text(f"  {one_line(line)}"))
    if len(lines) > _SHOWN:
        console.print(Text(f"  and {len(lines) - _SHOWN} more: see {rest}"))


def _shown(marks: float | None) -> str:
    return "no marks" if marks is None else number(marks)


def _print_outdated(console: Console, results: Results) -> None:
    line = outdated(results)
    if line:
        console.print(Text(line, "yellow"))


def print_regraded(folder: Path, outcome: Regraded) -> None:
    """Print what changed, in config.yaml and in the marks."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(f"{outcome.judged} judged again from stored answers, {outcome.rerun} run again"))
    _print_list(console, "changed in config.yaml", outcome.settings)
    students: dict[str, float] = {}
    for change in outcome.changes:
        students[change.student] = students.get(change.student, 0.0) + change.difference
    if not students:
        console.print(Text("nobody's marks changed"))
    else:
        up, down = (sum(sign * gain > 0 for gain in students.values()) for sign in (1, -1))
        console.print(Text(f"{len(students)} students changed: {up} gained marks, {down} lost some"))
    lines = [
        f"{one.student}: {one.gradient} {_shown(one.before)} -> {_shown(one.after)} ({one.difference:+g}): {one.why}"
        for one in outcome.changes
    ]
    _print_list(console, "changes", lines, "changes.csv")
    if outcome.stale:
        console.print(
            Text(
                f"{outcome.stale} left as they were: their answers are to other steps or functions; use --rerun",
                "yellow",
            )
        )
    if outcome.never_run:
        again = "run the same `grader batch` command again, or use --rerun"
        console.print(Text(f"never run: {outcome.never_run}; {again}", "yellow"))
    console.print(Text(f"written: {', '.join(str(path) for path in outcome.written)}"))
    with Results(folder) as results:
        _print_outdated(console, results)
