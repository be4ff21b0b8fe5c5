"""`grader show`: one student's result, in the terminal.  Everything of the student's goes through `Text`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.common import PATH, config_at, config_option, echo_outdated
from grader.errors import UsageError, did_you_mean
from grader.grading.grader import Grader
from grader.text import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from grader.classroom.store.query import Results, StudentRow
    from grader.config.keys import Config

_SHOWN = 8
_MAX_LINE = 2000


@click.command("show")
@click.argument("results", type=PATH)
@click.argument("student")
@click.option("--source", is_flag=True, help="Also print the submitted file.")
@config_option
def command(results: Path, student: str, source: bool, config_path: Path | None) -> None:
    """Show one student's result.

    STUDENT is a key, name, e-mail or number, or a part of the key or name.
    """
    from rich.console import Console

    from grader.classroom.store.database import explained
    from grader.classroom.store.query import Results

    config = Grader(config_at(config_path)).config
    with explained(results), Results(results) as stored:
        print_student(Console(highlight=False), stored, find_one(stored, student), config, source=source)
        echo_outdated(stored)


def find_one(results: "Results", wanted: str) -> "StudentRow":
    """The one student who is meant.

    Raises:
        UsageError: nobody, or several; the message names them.
    """
    found = results.find(wanted)
    if not found:
        near = did_you_mean(wanted, [row[0] for row in results.connection.execute("SELECT key FROM students")])
        raise UsageError(f"{results.folder}: no student {wanted}{near}")
    if len(found) > 1:
        names = ", ".join(row.student for row in found[:_SHOWN]) + (" ..." if len(found) > _SHOWN else "")
        raise UsageError(
            f"{results.folder}: {wanted} could be {len(found)} students: {names}; name one of them exactly"
        )
    return found[0]


def print_student(console: "Console", results: "Results", row: "StudentRow", config: "Config", *, source: bool) -> None:
    """Print who it is, the grade, the flags, and the history of gradings."""
    from rich.text import Text

    from grader.classroom.exports.cells import number
    from grader.output.terminal import print_grade

    known = [row.name, row.email, row.sid, row.group_name, "late" if row.late else "", row.submitted_at]
    console.print(Text.assemble((row.student, "bold"), "   ", ", ".join(_line(text) for text in known if text)))
    if row.grade is None:
        console.print(Text(f"{row.status}: {_line(row.problem) or 'not graded yet'}", "yellow"))
    else:
        print_grade(console, row.grade, config, staff=True)
    if row.note:
        console.print(Text(f"note: {_line(row.note)}"))
    for kind, gradient, detail in results.flags(row.submission_id):
        console.print(
            Text.assemble(("flag ", "yellow"), (kind, "bold"), f" {gradient}: " if gradient else ": ", _line(detail))
        )
    history = results.history(row.submission_id)
    for one in history if len(history) > 1 else ():
        marks = f"{number(one['score'])} of {number(one['max_score'])}" if one["status"] == "graded" else "not graded"
        console.print(Text(f"{one['graded_at']}  {one['kind']}: {marks}", "dim"))
    if source:
        text = (results.source(row.submission_id) or b"").decode("utf-8", "replace")
        for i, line in enumerate(text.splitlines(), 1):
            console.print(Text.assemble((f"{i:4} ", "dim"), _line(line)), soft_wrap=True)


def _line(text: str) -> str:
    return one_line(text.replace("\t", "    "), _MAX_LINE)
