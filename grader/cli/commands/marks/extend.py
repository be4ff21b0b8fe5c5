"""`grader extend`: a later deadline for a student."""

from functools import partial
from pathlib import Path

import click

from grader.cli.common import (
    NUMBER,
    PATH,
    author_option,
    author_or_login,
    config_at,
    config_option,
    part_option,
    parts_of,
)
from grader.cli.recorded import finish_recording, finish_recording_parts
from grader.errors import UsageError


@click.command("extend")
@click.argument("results", type=PATH)
@click.argument("student", default="")
@click.option("--days", type=NUMBER, help="How many days after everybody's deadline.")
@click.option(
    "--until", default="", help='The new deadline, such as "2026-10-07 23:59"; in the zone of late: if it has none.'
)
@click.option("--because", default="", metavar="TEXT", help="The reason.")
@click.option("--undo", type=int, metavar="N", help="Undo entry N.")
@click.option("--from", "table", type=PATH, help="Record a CSV: student, days, until, because.")
@part_option
@author_option
@config_option
def command(
    results: Path,
    student: str,
    days: float | None,
    until: str,
    because: str,
    undo: int | None,
    table: Path | None,
    part: str,
    author: str,
    config_path: Path | None,
) -> None:
    """Give a student more time.

    STUDENT is a key, name, e-mail or number.  Of several extensions the newest counts.  It has an effect under a late policy: see
    late: in config.yaml.
    """
    from grader.classroom.marks.entry_tables import extension, read_extensions, wish_for
    from grader.classroom.marks.recording import Wish
    from grader.classroom.store.ledger import Entry

    by = author_or_login(author)
    asked = days is not None or bool(until)
    if (undo is not None) + asked + (table is not None) != 1:
        raise UsageError("expected one of --days, --until, --undo and --from")
    if undo is not None:
        wishes = [Wish(Entry(student=student, kind="undo", author=by, target=undo, reason=because.strip()), part=part)]
    elif table is not None:
        wishes = read_extensions(table, by)
    else:
        if not student:
            raise UsageError("expected the student who gets more time: grader extend RESULTS STUDENT --days N")
        wanted = partial(extension, student, by, days=days, until=until, because=because)
        wishes = [wish_for(wanted, student, by, part=part)]
    if part and table is not None:
        raise UsageError("--part: a table has a column part")
    if (parts := parts_of(config := config_at(config_path))) is not None:
        finish_recording_parts(parts, results, wishes)
    finish_recording(results, wishes, config)
