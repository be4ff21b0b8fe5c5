"""`grader adjust`: change marks by hand, for a reason, in a ledger that forgets nothing."""

import sys
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


@click.command("adjust")
@click.argument("results", type=PATH)
@click.argument("student", default="")
@click.option("--gradient", default="", help="The gradient that it is about (default: the whole submission).")
@click.option("--score", type=NUMBER, help="The marks to give.")
@click.option("--add", type=NUMBER, help="The marks to add; --add -2 subtracts.")
@click.option("--excuse", is_flag=True, help="The student needs no marks for this assignment.")
@click.option("--comment", default="", help="A comment for the student.")
@click.option("--because", default="", metavar="TEXT", help="The reason, which the student reads.")
@click.option("--undo", type=int, metavar="N", help="Undo entry N.")
@click.option("--confirm", type=int, metavar="N", help="Confirm entry N, although the verdict under it has changed.")
@click.option(
    "--from", "table", type=PATH, help="Record a CSV: student, gradient, score, add, excuse, comment, because."
)
@part_option
@author_option
@config_option
def command(
    results: Path,
    student: str,
    gradient: str,
    score: float | None,
    add: float | None,
    excuse: bool,
    comment: str,
    because: str,
    undo: int | None,
    confirm: int | None,
    table: Path | None,
    part: str,
    author: str,
    config_path: Path | None,
) -> None:
    """Adjust marks by hand.

    STUDENT is a key, name, e-mail or number.  Entries are replayed over every later batch and regrade.  Without an option, the
    entries on STUDENT are listed; without STUDENT, all of them.

    \b
    grader adjust RESULTS ann --gradient dJ_dU --score 12 --because "the index was ambiguous"
    grader adjust RESULTS ann --add -2 --because "submitted as a screenshot first"
    grader adjust RESULTS --undo 3
    """
    from grader.classroom.marks.entry_tables import adjustment, read_adjustments, wish_for
    from grader.classroom.marks.recording import Wish
    from grader.classroom.store.ledger import Entry

    by = author_or_login(author)
    about = [(kind, target) for kind, target in (("undo", undo), ("confirm", confirm)) if target is not None]
    asked = score is not None or add is not None or excuse or bool(comment or gradient)
    if len(about) + asked + (table is not None) > 1:
        raise UsageError("expected one of an adjustment, --undo, --confirm and --from")
    if about:
        [(kind, target)] = about
        wishes = [Wish(Entry(student=student, kind=kind, author=by, target=target, reason=because.strip()), part=part)]
    elif table is not None:
        wishes = read_adjustments(table, by)
    elif asked or because:
        if not student:
            raise UsageError("expected the student whose marks are adjusted: grader adjust RESULTS STUDENT ...")
        given = {"gradient": gradient, "comment": comment, "because": because}
        wanted = partial(adjustment, student, by, score=score, add=add, excuse=excuse, **given)
        wishes = [wish_for(wanted, student, by, gradient=gradient, part=part)]
    else:
        wishes = []
    if part and not asked and not about:
        raise UsageError("--part: expected an adjustment, --undo or --confirm; a table has a column part")
    if (parts := parts_of(config := config_at(config_path))) is None:
        return finish_recording(results, wishes, config) if wishes else print_ledger(results, student)
    if wishes:
        finish_recording_parts(parts, results, wishes)
    from grader.cli.several import for_results

    sys.exit(for_results(parts, results, lambda _, folder: print_ledger(folder, student)))


def print_ledger(results: Path, student: str) -> None:
    """List the entries, and those that need a person."""
    from grader.classroom.marks.entry_words import in_words
    from grader.classroom.marks.final import FinalMarks
    from grader.classroom.store.database import explained
    from grader.classroom.store.query import Results, find_one
    from grader.text import one_line

    with explained(results), Results(results) as stored:
        marks = FinalMarks(stored)
        rows = [find_one(stored, student)] if student else list(stored.students())
        wanted = {row.student for row in rows}
        here = wanted if student else {*wanted, *(one.student for one in marks.ledger.entries)}
        entries = [one for one in marks.ledger.entries if one.student in here]
        for one in entries:
            undone = "  (undone)" if one.id in marks.ledger.undone else ""
            gone = "" if one.student in wanted else "  (no longer in these results)"
            click.echo(one_line(f"{one.student}: {in_words(one)}{undone}{gone}", 1000))
        if not entries:
            click.echo("the ledger is empty" if not student else f"{one_line(rows[0].student)}: no entries")
        for row in rows:
            for review in marks.of(row).review:
                text = f"confirm or undo entry {review.entry.id} ({row.student}): {review.why}"
                click.secho(one_line(text, 1000), fg="yellow")
