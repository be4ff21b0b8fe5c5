"""`grader export`: the marks as files for learning platforms."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.common import PATH, config_at, config_option, echo_outdated
from grader.errors import UsageError
from grader.grading.grader import Grader
from grader.text import one_line

if TYPE_CHECKING:
    from grader.classroom.exports.gradebooks import Filled
    from grader.classroom.store.query import Results
    from grader.config.keys import Config

_SHOWN = 20  # names in a list

_FILES = {
    "canvas": "canvas.csv",
    "moodle": "moodle.csv",
    "moodle-feedback": "moodle-feedback.zip",
    "gradescope": "gradescope.csv",
    "csv": "grades.csv",
}
_FILLED_IN = ("canvas", "moodle")


@click.command("export")
@click.argument("results", type=PATH)
@click.argument("form", metavar="FORMAT", type=click.Choice(list(_FILES)))
@click.option("--into", "template", type=PATH, help="The gradebook (Canvas) or worksheet (Moodle) to fill.")
@click.option("--column", default="", help="The column to fill: its title or, in Canvas, the assignment's number.")
@click.option("--comments", default="", help="Moodle: the title of the column for comments (default: the English one).")
@click.option("--scale", is_flag=True, help="Convert the marks to the maximum of the column.")
@click.option("-o", "--output", type=PATH, help="The file to write (default: in RESULTS).")
@config_option
def command(
    results: Path,
    form: str,
    template: Path | None,
    column: str,
    comments: str,
    scale: bool,
    output: Path | None,
    config_path: Path | None,
) -> None:
    """Write the marks for a learning platform.

    FORMAT is canvas, moodle, moodle-feedback, gradescope or csv.

    \b
    grader export RESULTS canvas --into gradebook.csv --column "Homework 3 (1234)"
    grader export RESULTS moodle --into worksheet.csv
    """
    from grader.atomic import write_output
    from grader.classroom.store.database import explained
    from grader.classroom.store.outputs import note_written, results_hash
    from grader.classroom.store.query import Results

    config = Grader(config_at(config_path)).config
    if form in _FILLED_IN and template is None:
        raise UsageError(
            f"{form}: expected the file to fill: download it from {form.capitalize()} and name it with --into FILE"
        )
    if form == "canvas" and not column:
        raise UsageError("canvas: expected the column to fill: name it with --column TITLE")
    path = output or results / _FILES[form]
    with explained(results), Results(results) as stored:
        shown = results_hash(stored)
        data, filled = _exported(form, stored, config, template, column, comments, scale=scale)
        write_output(path, data)
        given = {"--into": template, "--column": column, "--comments": comments, "-o": output}
        options = [word for option, value in given.items() if value for word in (option, str(value))]
        again = ["export", form, *options, *(["--scale"] if scale else [])]
        note_written(stored, path, one_line(shlex.join(again)), shown)
    click.echo(f"{one_line(str(path))}: {filled.graded} students with marks")
    _print_column(filled, config, scale=scale)
    _print_left_out(filled)
    _warn_of_policy(results, config)
    with Results(results) as stored:
        if waiting := stored.counts().get("waiting", 0):  # an interrupted batch left them: their marks are in no file
            line = f"not graded yet: {waiting}; run the same `grader batch` command again, then export"
            click.secho(line, fg="yellow")
        echo_outdated(stored)
    if not filled.graded:
        problem = "nobody's marks were filled in: see above" if form in _FILLED_IN else "nobody has marks"
        click.echo(problem, err=True)
    if not filled.graded or filled.waiting:
        sys.exit(3)


def _warn_of_policy(results: Path, config: "Config") -> None:
    """Warn if the late policy in config.yaml is not the one that the marks are under."""
    from grader.classroom.store.policy import policy_of
    from grader.classroom.store.query import Results

    with Results(results) as stored:
        if policy_of(stored.connection) != config.late:
            line = f"late: in config.yaml has changed since the last grading run: `grader regrade {results}` applies it"
            click.secho(line, fg="yellow")


def _exported(
    form: str, stored: "Results", config: "Config", template: Path | None, column: str, comments: str, *, scale: bool
) -> "tuple[bytes, Filled]":
    """The file in the format `form`, and who is in it."""
    from grader.classroom.exports import feedback, gradebooks, results, worksheet
    from grader.classroom.marks.final import FinalMarks

    if form == "canvas" and template is not None:
        filled = gradebooks.fill_canvas(stored, template, column, scale=scale)
        return filled.text.encode(), filled
    if form == "moodle" and template is not None:
        marks = FinalMarks(stored)
        filled = worksheet.fill_moodle(
            stored,
            template,
            lambda row: feedback.fragment(list(feedback.page(row, config, marks.of(row)))),
            column or "Grade",
            comments,
            scale=scale,
        )
        return filled.text.encode(), filled
    if form == "moodle-feedback":
        data, graded = feedback.moodle_zip(stored, config)
        return data, gradebooks.Filled(graded=graded)
    data = gradebooks.gradescope_csv(stored).encode() if form == "gradescope" else results.grades_csv(stored)
    return data, gradebooks.count_finals(stored)


def _print_column(filled: "Filled", config: "Config", *, scale: bool) -> None:
    """Warn if the column has another maximum, or none for comments."""
    if filled.worth:
        there = ", ".join(f"{points:g}" for points in sorted(filled.worth))
        most = f"the marks are out of {config.max_score:g}"
        done = "they were converted" if scale else "they were written as they are; --scale converts them"
        click.echo(f"that column is out of {there}, {most}: {done}")
    if filled.uncommented:
        click.echo("no column for comments there, so no feedback was written: name it with --comments")


def _print_left_out(filled: "Filled") -> None:
    """List those without marks in the file, and why."""
    if filled.waiting:
        click.echo(
            f"students without final marks before these adjustments are confirmed or undone: {len(dict(filled.waiting))}"
        )
    for student, why in filled.waiting:
        click.echo(f"  {one_line(student)}: {one_line(why)}")
    by_reason: dict[str, list[str]] = {}
    for student, why in filled.refused:
        by_reason.setdefault(why, []).append(student)
    if by_reason:
        click.echo(f"graded, but not filled in because no row is certain to be theirs: {len(filled.refused)}")
    for why, students in by_reason.items():
        click.echo(f"  {_names(students)}: {one_line(why)}")
    for title, students in (
        ("graded, but not in that file", filled.without_row),
        ("excused", filled.excused),
        ("locked there: left as they were", filled.locked),
        ("in that file, but without marks: left as they were", filled.without_marks),
    ):
        if students:
            click.echo(f"{title}: {len(students)} ({_names(students)})")


def _names(names: list[str]) -> str:
    shown = ", ".join(one_line(name, 60) for name in names[:_SHOWN])
    return f"{shown}, and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
