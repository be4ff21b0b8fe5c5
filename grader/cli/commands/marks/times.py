"""`grader times`: when students submitted, where the download does not say it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.common import PATH, author_option, author_or_login, config_at, config_option, parts_of
from grader.cli.recorded import finish_recording, record_in_parts
from grader.errors import UsageError
from grader.text import one_line

if TYPE_CHECKING:
    from grader.classroom.marks.recording import Wish
    from grader.parts.parts import Part

    Share = tuple[Part, Path, list[Wish]]

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
    from grader.cli.several import for_results, is_results, with_results

    listed = not at and table is None
    refuse_ambiguous(student, at, table, other=because or column)
    by = author_or_login(author)

    def wishes(folder: Path) -> list[Wish]:
        if table is None:
            return [Wish(submitted(student, by, at=at, because=because))]
        with explained(folder), Results(folder) as stored:
            return read_times(table, stored, by, column)

    alone = listed and is_results(results)
    if not alone and (parts := parts_of(config_at(config_path))) is not None:
        if not listed:
            record_in_parts(parts, results, of_parts(with_results(parts, results), wishes))
        if listed or table is not None:
            sys.exit(for_results(parts, results, lambda _, folder: print_unknown(folder)))
        return
    if not listed:
        finish_recording(results, wishes(results), config_at(config_path))
    if listed or table is not None:
        print_unknown(results)  # a row of a worksheet that may be another's is passed over


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


def of_parts(results: "list[tuple[Part, Path]]", read: "Callable[[Path], list[Wish]]") -> "list[Share]":
    """The times to record in each part of a homework: those of students who submitted that part; the others are named.

    Raises:
        UsageError: nobody who is named submitted anything, or a table makes no sense.
    """
    from grader.classroom.marks.time_tables import NoTimesError
    from grader.classroom.store.database import explained
    from grader.classroom.store.query import Results

    shared, nowhere, none = [], set(), None
    for part, folder in results:
        try:
            wishes = read(folder)
        except NoTimesError as error:
            none = error
            continue
        with explained(folder), Results(folder) as stored:
            found = [{row.status for row in stored.find(wish.entry.student, whole=True)} for wish in wishes]
        without = [wish.entry.student for wish, statuses in zip(wishes, found, strict=True) if statuses == {"missing"}]
        if without:
            click.echo(f"{part.name}: submitted nothing here, so no time is recorded: {_names(without)}")
        nowhere.update(without)
        here = [wish for wish, statuses in zip(wishes, found, strict=True) if statuses != {"missing"}]
        if here:
            shared.append((part, folder, here))
    if not shared:
        raise none or UsageError(f"submitted nothing in any part, so there is no time to record: {_names([*nowhere])}")
    return shared


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
