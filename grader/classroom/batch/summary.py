"""What a batch prints at its end.  Names are hostile: they go through `Text`, which knows no markup."""

from pathlib import Path
from statistics import median

from rich.console import Console
from rich.text import Text

from grader.classroom.batch.batch import Outcome
from grader.classroom.batch.regrade import Regraded
from grader.classroom.exports.cells import number
from grader.classroom.exports.changes import Change
from grader.classroom.marks.final import FinalMarks
from grader.classroom.store.query import Results
from grader.inputs.download import LAYOUTS
from grader.records.result import SIGNAL_WORDS
from grader.text import counted, one_line

_SHOWN = 10
_SHOWN_PATH = 100  # characters: the reason comes after it


def print_summary(folder: Path, outcome: Outcome) -> None:
    """Print what was read, how it went, and what needs a look."""
    console = Console(highlight=False, soft_wrap=True)
    with Results(folder) as results:
        console.print(
            Text(
                f"{LAYOUTS[outcome.layout].called}: {counted(outcome.taken, 'submission')}, {outcome.graded} graded now"
            )
        )
        _print_marks(console, results)
        _print_list(console, "no file to grade", _with_status(results, "missing"))
        _print_list(console, "could not be read", _with_status(results, "unreadable"))
        again = "not graded, through a fault of the grader: run the same command again, or `grader regrade`"
        _print_list(console, again, _with_status(results, "not_graded"))
        older = "older in this download, so the newer file was kept (--force takes the older one)"
        _print_list(console, older, outcome.kept)
        _print_list(console, "older than what was graded, and taken because of --force", outcome.set_back)
        _print_list(console, "not in this download, kept from an earlier one", outcome.absent)
        refused = [f"{one_line(path, _SHOWN_PATH)}: {reason}" for path, reason in results.refused()]
        _print_list(console, "not taken", refused, "refused.csv")
        _print_flags(console, results)
        _print_files(console, results, outcome.written)


def _print_marks(console: Console, results: Results) -> None:
    sql = "SELECT score, max_score FROM current WHERE status = 'graded'"
    scores = [tuple(row) for row in results.connection.execute(sql)]
    if not scores:
        return
    middle = median(score for score, _ in scores)
    full = sum(score >= most for score, most in scores)
    most = max(most for _, most in scores)
    have = "1 student has" if len(scores) == 1 else f"{len(scores)} students have"
    has = "has" if full == 1 else "have"
    console.print(Text(f"{have} marks: median {middle:g} of {most:g}, {full} {has} full marks"))


def _with_status(results: Results, status: str) -> list[str]:
    return [
        f"{row.student}: {'; '.join(filter(None, (row.problem or (row.grade.message if row.grade else ''), row.note)))}"
        for row in results.students(status)
    ]


def _print_flags(console: Console, results: Results) -> None:
    """How many students, then how many for each kind of signal: one student may have several."""
    (flagged,) = results.connection.execute("SELECT COUNT(DISTINCT submission_id) FROM current_flags").fetchone()
    sql = "SELECT kind, COUNT(DISTINCT submission_id) FROM current_flags GROUP BY kind ORDER BY kind"
    if flagged:
        need = "needs" if flagged == 1 else "need"
        console.print(Text(f"{flagged} {need} a look: see the flags column of grades.csv", "bold"))
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


def _print_files(console: Console, results: Results, written: list[Path]) -> None:
    _print_reviews(console, results)
    console.print(Text(f"written: {', '.join(map(str, written))}"))


def print_regraded(folder: Path, outcome: Regraded) -> None:
    """Print what changed, in config.yaml and in the marks."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(f"{outcome.regraded} regraded from stored answers, {outcome.rerun} run again"))
    _print_list(console, "changed in config.yaml", outcome.settings)
    students: dict[str, float] = {}
    for change in outcome.changes:
        students[change.student] = students.get(change.student, 0.0) + change.difference
    if not students:
        console.print(Text("nobody's marks changed"))
    else:
        up, down = (sum(sign * gain > 0 for gain in students.values()) for sign in (1, -1))
        console.print(Text(f"{counted(len(students), 'student')} changed: {up} gained marks, {down} lost some"))
    _print_list(console, "changes", list(map(_change, outcome.changes)), "changes.csv")
    lines = [f"{student}: {_mark(before)} -> {_mark(after)}" for student, before, after in outcome.finals]
    _print_list(console, "final marks that changed", lines)
    if outcome.stale:
        left = "left as they were: their answers are to other sample points or functions; use --rerun"
        console.print(Text(f"{outcome.stale} {left}", "yellow"))
    if outcome.never_run:
        again = "run the same `grader batch` command again, or use --rerun"
        console.print(Text(f"never run: {outcome.never_run}; {again}", "yellow"))
    with Results(folder) as results:
        _print_files(console, results, outcome.written)


def _print_reviews(console: Console, results: Results) -> None:
    """Adjustments that a person has to look at again."""
    marks = FinalMarks(results)
    if marks.ledger.entries:
        waiting = [(row.student, one) for row in results.students() for one in marks.of(row).review]
        title = "adjustments made for another verdict: no final marks before `grader adjust` confirms or undoes them"
        _print_list(console, title, [f"{student}: entry {one.entry.id}: {one.why}" for student, one in waiting])


def _mark(marks: float | None) -> str:
    return "no marks" if marks is None else number(marks)


def _change(one: Change) -> str:
    return f"{one.student}: {one.gradient} {_mark(one.before)} -> {_mark(one.after)} ({one.difference:+g}): {one.why}"
