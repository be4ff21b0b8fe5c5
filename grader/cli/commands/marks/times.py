"""`grader times`: when students submitted, where the download does not say it."""

from pathlib import Path

import click

from grader.cli.common import PATH, author_option, author_or_login, config_option, finish_recording
from grader.errors import UsageError
from grader.text import one_line

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

    if at and table is not None:
        raise UsageError("--at and --from: expected one of them, found both")
    if not at and table is None:
        if student or because or column:
            raise UsageError("expected the time: --at TIME, or a table of times: --from FILE")
        return print_unknown(results)
    if at and not student:
        raise UsageError("expected the student who submitted then: grader times RESULTS STUDENT --at TIME")
    by = author_or_login(author)
    if table is None:
        wishes = [Wish(submitted(student, by, at=at, because=because))]
    else:
        if student:
            raise UsageError(f"expected either a student or --from, found {student} and --from {table}")
        with explained(results), Results(results) as stored:
            wishes = read_times(table, stored, by, column)
    finish_recording(results, wishes, config_path)
    if table is not None:
        print_unknown(results)  # a row of a worksheet that may be another's is passed over


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
    names = [one_line(name, 60) for name in unknown[:_SHOWN]]
    more = [f"{len(unknown) - _SHOWN} more"] if len(unknown) > _SHOWN else []
    click.echo(f"time of submission known: {len(rows) - len(unknown)}, unknown: {len(unknown)}")
    if unknown:
        click.echo(f"  {', '.join([*names, *more])}")
