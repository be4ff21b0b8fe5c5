"""Record entries in the ledger, write again what shows the marks, and print what became of them."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from grader.cli.common import echo_outdated
from grader.text import one_line

if TYPE_CHECKING:
    from grader.classroom.marks.recording import Wish
    from grader.classroom.store.ledger import Entry
    from grader.config.keys import Config
    from grader.parts.parts import Part, Parts

_SHOWN = 20  # entries that are printed


def finish_recording(results: Path, wishes: "Sequence[Wish]", config_path: Path) -> None:
    """Record the entries of one assignment."""
    from grader.classroom.marks.recording import record_all
    from grader.grading.grader import Grader

    config = Grader(config_path).config
    entries, again = record_all(results, wishes)
    _print_recorded(results, config, entries, again)
    echo_outdated(results)


def finish_recording_parts(parts: "Parts", results: Path, wishes: "Sequence[Wish]") -> NoReturn:
    """Record each entry in the results of the part that it is about, or all of them, or none."""
    from grader.cli.several import with_results
    from grader.parts.whose_part import by_part

    record_in_parts(parts, results, by_part(with_results(parts, results), wishes))
    sys.exit(0)


def record_in_parts(parts: "Parts", results: Path, shared: "Sequence[tuple[Part, Path, list[Wish]]]") -> None:
    """Record entries in the results of parts, and write again what shows the marks of all parts together."""
    from grader.classroom.marks.recording import record_each
    from grader.cli.several import heading, rewrite_whole

    recorded = record_each([(folder, wishes) for _, folder, wishes in shared])
    for i, ((part, folder, _), (entries, again)) in enumerate(zip(shared, recorded, strict=True)):
        heading(part, first=i == 0)
        _print_recorded(folder, part.config, entries, again)
    students = {entry.student for entries, _ in recorded for entry in entries}
    for one in rewrite_whole(parts, results):
        if one.row.student in students and len(students) <= _SHOWN:
            click.echo(f"{one_line(one.row.student)}: {one.mark} in all parts together")
    echo_outdated(*(folder for _, folder, _ in shared))


def _print_recorded(results: Path, config: "Config", entries: "Sequence[Entry]", again: int) -> None:
    from grader.classroom.exports.cells import number
    from grader.classroom.exports.results import update_results
    from grader.classroom.marks.entry_words import in_words
    from grader.classroom.marks.final import FinalMarks
    from grader.classroom.store.query import Results

    students = list(dict.fromkeys(entry.student for entry in entries))
    if students:
        update_results(results, config, students)
    for entry in entries[:_SHOWN]:
        click.echo(one_line(f"{entry.student}: {in_words(entry)}", 1000))
    if len(entries) > _SHOWN:
        click.echo(f"and {len(entries) - _SHOWN} more: `grader adjust {results}` lists them")
    if again:
        click.echo(f"there already, word for word, and not recorded again: {again}")
    with Results(results) as stored:
        marks = FinalMarks(stored)
        for student in students if len(students) <= _SHOWN else ():
            if (row := stored.by_key(student)) is None:
                continue  # an entry on somebody who is no longer there was undone
            final = marks.of(row)
            value = "none yet" if final.value is None else f"{number(final.value)} of {number(final.max_score)}"
            click.echo(f"{one_line(student)}: final mark {'none (excused)' if final.excused else value}")
        if marks.policy is None and any(entry.kind == "extend" for entry in entries):
            line = f"the last grading run had no late: in config.yaml, so extensions change nothing: `grader regrade {results}`"
            click.secho(line, fg="yellow")
