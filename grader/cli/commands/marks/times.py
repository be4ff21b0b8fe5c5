"""`grader times`: when students submitted, where the download does not say it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.common import (
    PATH,
    author_option,
    author_or_login,
    config_at,
    config_option,
    finish_recording,
    parts_of,
)
from grader.errors import UsageError
from grader.text import one_line

if TYPE_CHECKING:
    from grader.classroom.marks.recording import Wish

_SHOWN = 20


@click.command("times")
@click.argument("results", type=PATH)
@click.argument("student", default="")
@click.option("--at", default="", help='When the student submitted, such as "2026-10-02 11:58".')
@click.option("--because", default="", metavar="TEXT", help="The reason, which the student reads.")
@click.option(
    "--from", "table", type=PATH, help="Record a CSV: student, submitted, because; or Moodle's grading worksheet."
)
@click.option("--column", default="", help="The worksheet's column, if it isn't in English.")
@author_option
@config_option
def command(
    results: Path,
    student: str,
    at: str,
    because: str,
    table: Path | None,
    column: str,
    author: str,
    config_path: Path | None,
) -> None:
    """Record when students submitted.

    STUDENT is a key, name, e-mail or number; the time is that of their latest file.  A time without a zone is in that of late: in
    config.yaml.  Without an option, those whose time is unknown are listed.  `grader adjust RESULTS --undo N` undoes an entry.
    """
    from grader.classroom.marks.entry_tables import submitted
    from grader.classroom.marks.recording import Wish
    from grader.classroom.marks.time_tables import read_times
    from grader.classroom.store.database import explained
    from grader.classroom.store.query import Results
    from grader.cli.several import for_results, is_results

    listed = not at and table is None
    refuse_ambiguous(student, at, table, other=because or column)
    by = author_or_login(author)

    def wishes(folder: Path) -> list[Wish]:
        if table is None:
            return [Wish(submitted(student, by, at=at, because=because))]
        with explained(folder), Results(folder) as stored:
            return read_times(table, stored, by, column)

    def record(folder: Path, found: list[Wish], path: Path | None) -> None:
        finish_recording(folder, found, path)
        if table is not None:
            print_unknown(folder)  # a row of a worksheet that may be another's is passed over

    def of_part(path: Path, folder: Path) -> None:
        if listed:
            return print_unknown(folder)
        if found := with_a_file(folder, wishes(folder)):
            record(folder, found, path)

    alone = listed and is_results(results)
    if not alone and (parts := parts_of(config_at(config_path))) is not None:
        sys.exit(for_results(parts, results, of_part, rewrite=not listed))
    if listed:
        return print_unknown(results)
    record(results, wishes(results), config_at(config_path))


def refuse_ambiguous(student: str, at: str, table: Path | None, *, other: str) -> None:
    """Refuse both or neither of a student with a time, and a table; neither lists, and takes no other option."""
    if not at and table is None and (student or other):
        raise UsageError("expected the time: --at TIME, or a table of times: --from FILE")
    if at and table is not None:
        raise UsageError("--at and --from: expected one of them, found both")
    if at and not student:
        raise UsageError("expected the student who submitted then: grader times RESULTS STUDENT --at TIME")
    if table is not None and student:
        raise UsageError(f"expected either a student or --from, found {student} and --from {table}")


def with_a_file(folder: Path, wishes: "list[Wish]") -> "list[Wish]":
    """Those for students who submitted this part of a homework; the others are named."""
    from grader.classroom.store.database import explained
    from grader.classroom.store.query import Results

    with explained(folder), Results(folder) as stored:
        statuses = [{row.status for row in stored.find(wish.entry.student, whole=True)} for wish in wishes]
    without = [wish.entry.student for wish, found in zip(wishes, statuses, strict=True) if found == {"missing"}]
    if without:
        click.echo(f"submitted nothing here, so no time is recorded: {_names(without)}")
    return [wish for wish, found in zip(wishes, statuses, strict=True) if found != {"missing"}]


def _names(students: list[str]) -> str:
    more = [f"{len(students) - _SHOWN} more"] if len(students) > _SHOWN else []
    return ", ".join([*(one_line(name, 60) for name in students[:_SHOWN]), *more])


def print_unknown(results: Path) -> None:
    """List the students with a file whose time is not known."""
    from grader.classroom.marks.final import FinalMarks
    from grader.classroom.store.database import explained
    from grader.classroom.store.query import Results
    from grader.times import moment

    with explained(results), Results(results) as stored:
        marks = FinalMarks(stored)
        rows = [row for row in stored.students() if row.status != "missing"]
        unknown = [row.student for row in rows if moment(marks.of(row).submitted_at) is None]
    click.echo(f"time of submission known: {len(rows) - len(unknown)}, unknown: {len(unknown)}")
    if unknown:
        click.echo(f"  {_names(unknown)}")
