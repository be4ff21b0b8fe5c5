"""`grader show`: one student's result, in the terminal.  Everything of the student's goes through `Text`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.classroom.store.query import find_one
from grader.cli.common import PATH, config_at, config_option, echo_outdated, parts_of
from grader.errors import UsageError
from grader.grading.grader import Grader
from grader.text import one_line

if TYPE_CHECKING:
    from sqlite3 import Row

    from rich.console import Console

    from grader.classroom.store.ledger import Entry
    from grader.classroom.store.query import Results, StudentRow
    from grader.config.keys import Config
    from grader.config.late import Late
    from grader.records.result import Grade

_MAX_LINE = 2000


@click.command("show")
@click.argument("results", type=PATH)
@click.argument("student")
@click.option("--source", is_flag=True, help="Also print the submitted file.")
@click.option("--attempts", is_flag=True, help="List all attempts, and compare the last two by gradient.")
@click.option("--compare", type=int, nargs=2, help="Compare these two attempts, by their numbers in the list.")
@config_option
def command(
    results: Path, student: str, source: bool, attempts: bool, compare: tuple[int, int] | None, config_path: Path | None
) -> None:
    """Show one student's result.

    STUDENT is a key, name, e-mail or number, or a part of the key or name.
    """
    config = config_at(config_path)

    def show(path: Path, folder: Path) -> None:
        _show(Grader(path).config, folder, student, compare, source=source, attempts=attempts)

    if (parts := parts_of(config)) is not None:
        from grader.cli.several import folders_with_results, for_results

        code = for_results(parts, results, show)
        echo_outdated(*folders_with_results(parts, results))
        sys.exit(code)
    show(config, results)
    echo_outdated(results)


def _show(
    config: "Config", results: Path, student: str, compare: tuple[int, int] | None, *, source: bool, attempts: bool
) -> None:
    from rich.console import Console

    from grader.classroom.store.database import explained
    from grader.classroom.store.query import Results

    with explained(results), Results(results) as stored:
        console, row = Console(highlight=False), find_one(stored, student)
        if attempts or compare:
            print_attempts(console, stored, row, compare)
        else:
            print_student(console, stored, row, config, source=source)


def print_student(console: "Console", results: "Results", row: "StudentRow", config: "Config", *, source: bool) -> None:
    """Print who it is, the grade, the flags, and the history of gradings."""
    from rich.text import Text

    from grader.classroom.exports.cells import number
    from grader.classroom.marks.entry_words import in_words
    from grader.classroom.marks.final import FinalMarks
    from grader.output.terminal import print_grade

    marks = FinalMarks(results)
    final = marks.of(row)
    known = [row.name, row.email, row.sid, row.group_name, "late" if final.late else "", final.submitted_at]
    console.print(Text.assemble((row.student, "bold"), "   ", ", ".join(_line(text) for text in known if text)))
    if row.grade is None:
        console.print(Text(f"{row.status}: {_line(row.problem) or 'not graded yet'}", "yellow"))
    else:
        print_grade(console, row.grade, config, staff=True)
    for line in final.lines:
        console.print(Text(_line(line), "bold" if line.startswith("Final mark") else ""))
    for entry in marks.ledger.of(row.student):
        console.print(Text(_line(in_words(entry)), "dim"))
    for review in final.review:
        console.print(Text(_line(f"entry {review.entry.id} needs to be confirmed or undone: {review.why}"), "yellow"))
    if row.note:
        console.print(Text(f"note: {_line(row.note)}"))
    for kind, gradient, detail in results.flags(row.submission_id):
        console.print(
            Text.assemble(("flag ", "yellow"), (kind, "bold"), f" {gradient}: " if gradient else ": ", _line(detail))
        )
    history = results.history(row.submission_id)
    for one in history if len(history) > 1 else ():
        shown = f"{number(one['score'])} of {number(one['max_score'])}" if one["status"] == "graded" else "not graded"
        console.print(Text(f"{one['graded_at']}  {one['kind']}: {shown}", "dim"))
    if source:
        text = (results.source(row.submission_id) or b"").decode("utf-8", "replace")
        for i, line in enumerate(text.splitlines(), 1):
            console.print(Text.assemble((f"{i:4} ", "dim"), _line(line)), soft_wrap=True)


def print_attempts(console: "Console", results: "Results", row: "StudentRow", compare: tuple[int, int] | None) -> None:
    """Print all attempts, and compare two of them gradient by gradient.

    Raises:
        UsageError: there is no attempt of that number.
    """
    from rich.table import Table
    from rich.text import Text

    from grader.classroom.exports.cells import number
    from grader.classroom.marks.submission_times import time_of
    from grader.classroom.store.ledger import read_ledger
    from grader.classroom.store.policy import policy_of
    from grader.output.wording import STATUS_LABELS

    attempts = results.attempts(row.submission_id)
    entries, policy = read_ledger(results.connection).of(row.student), policy_of(results.connection)
    console.print(Text.assemble((row.student, "bold"), "   ", _line(row.name)))
    for k, one in enumerate(attempts, 1):
        marks = f"{number(one['score'])} of {number(one['max_score'])}" if one["status"] == "graded" else "not graded"
        counts = "  this one counts" if one["id"] == row.submission_id else ""
        when = _line(time_of(one["id"], one["submitted_at"], entries)) or "at an unknown time"
        late = _lateness(policy, one, entries) if policy is not None and one["status"] == "graded" else ""
        console.print(Text(f"{k}  {when}: {marks}{late} ({_line(one['name'] or one['problem'])}){counts}"))
    if compare is None and len(attempts) < 2:
        return
    first, second = compare or (len(attempts) - 1, len(attempts))
    for k in (first, second):
        if not 1 <= k <= len(attempts):
            raise UsageError(f"--compare: expected attempts from 1 to {len(attempts)}, found {k}")
    grades = [attempts[k - 1]["grade"] for k in (first, second)]
    found = [{g.name: g for g in decoded.gradients} if (decoded := _grade(text)) else {} for text in grades]
    table = Table("gradient", f"attempt {first}", f"attempt {second}", "difference", box=None, pad_edge=False)
    for name in dict.fromkeys([*found[0], *found[1]]):
        pair = [one.get(name) for one in found]
        shown = [f"{number(g.score)}  {STATUS_LABELS[g.status]}" if g else "none" for g in pair]
        gain = (pair[1].score if pair[1] else 0.0) - (pair[0].score if pair[0] else 0.0)
        table.add_row(name, *shown, f"{gain:+g}" if gain else "")
    console.print(table)


def _lateness(policy: "Late", attempt: "Row", entries: "list[Entry]") -> str:
    """What an attempt loses for its lateness, in words; "" where that is nothing."""
    from grader.classroom.exports.cells import number
    from grader.classroom.marks.lateness import lateness, penalty
    from grader.classroom.marks.submission_times import time_of

    late = lateness(policy, time_of(attempt["id"], attempt["first_at"], entries), entries)
    cost = penalty(policy, late, attempt["score"], attempt["max_score"])
    days = f"{late.days} day{'' if late.days == 1 else 's'} late"
    return f", {days}: {number(attempt['score'] - cost.marks)} left" if late.days else ""


def _grade(text: str | None) -> "Grade | None":
    import msgspec

    from grader.records.result import Grade

    return None if text is None else msgspec.json.decode(text, type=Grade)


def _line(text: str) -> str:
    return one_line(text.replace("\t", "    "), _MAX_LINE)
