"""`grader export`: the marks as files for learning platforms."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from grader.cli.common import PATH, config_at, config_option, echo_outdated, parts_of
from grader.errors import UsageError
from grader.grading.grader import Grader
from grader.text import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.classroom.exports.feedback import Block
    from grader.classroom.exports.gradebooks import Filled
    from grader.classroom.marks.final import Marked
    from grader.classroom.store.query import Results, StudentRow
    from grader.config.keys import Config
    from grader.parts.parts import Part, Parts

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

    if form in _FILLED_IN and template is None:
        raise UsageError(
            f"{form}: expected the file to fill: download it from {form.capitalize()} and name it with --into FILE"
        )
    if form == "canvas" and not column:
        raise UsageError("canvas: expected the column to fill: name it with --column TITLE")
    path = output or results / _FILES[form]
    used = config_at(config_path)
    if (parts := parts_of(used)) is not None:
        from grader.cli.several import is_results, with_results

        found = with_results(parts, results)
        if not is_results(results):
            _export_parts(parts, found, form, path, template, column, comments, scale=scale)
        used = found[0][0].path
    config = Grader(used).config
    with explained(results), Results(results) as stored:
        shown = results_hash(stored)
        data, filled = _of_one(form, stored, config, template, column, comments, scale=scale)
        write_output(path, data)
        given = {"--into": template, "--column": column, "--comments": comments, "-o": output}
        options = [word for option, value in given.items() if value for word in (option, str(value))]
        again = ["export", form, *options, *(["--scale"] if scale else [])]
        note_written(stored, path, one_line(shlex.join(again)), shown)
    _print_filled(path, filled, config.max_score, scale=scale)
    _warn_of_policy(results, config)
    with Results(results) as stored:
        if waiting := stored.counts().get("waiting", 0):  # an interrupted batch left them: their marks are in no file
            line = f"not graded yet: {waiting}; run the same `grader batch` command again, then export"
            click.secho(line, fg="yellow")
    echo_outdated(results)
    _finish(filled, form)


def _print_filled(path: Path, filled: "Filled", max_score: float, *, scale: bool) -> None:
    click.echo(f"{one_line(str(path))}: {counted(filled.graded, 'student')} with marks")
    _print_column(filled, max_score, scale=scale)
    _print_left_out(filled)


def _finish(filled: "Filled", form: str) -> None:
    if not filled.graded:
        problem = "nobody's marks were filled in: see above" if form in _FILLED_IN else "nobody has marks"
        click.echo(problem, err=True)
    if not filled.graded or filled.waiting:
        sys.exit(3)


def _of_one(
    form: str, stored: "Results", config: "Config", template: Path | None, column: str, comments: str, *, scale: bool
) -> "tuple[bytes, Filled]":
    """The file for one assignment."""
    from grader.classroom.exports.feedback import page
    from grader.classroom.exports.gradebooks import count_finals
    from grader.classroom.exports.results import grades_csv
    from grader.classroom.marks.final import FinalMarks, marked

    if form == "csv":
        return grades_csv(stored), count_finals(stored)
    marks = FinalMarks(stored)
    return _exported(
        form,
        marked(stored),
        lambda row: list(page(row, config, marks.of(row))),
        template,
        column,
        comments,
        scale=scale,
    )


def _export_parts(
    parts: "Parts",
    results: "list[tuple[Part, Path]]",
    form: str,
    path: Path,
    template: Path | None,
    column: str,
    comments: str,
    *,
    scale: bool,
) -> NoReturn:
    """Write the marks of all parts together."""
    from grader.atomic import write_output
    from grader.classroom.exports.feedback import Block
    from grader.parts.whole_class import grades_csv_of, marked_class, page_of, whole_class

    people = whole_class(parts, results)
    graded, by_key = marked_class(parts, people), {one.row.student: one for one in people}

    def blocks_of(row: "StudentRow") -> list[Block]:
        return list(page_of(parts, by_key[row.student]))

    if form == "csv":
        from grader.classroom.exports.gradebooks import count_finals

        data, filled = grades_csv_of(parts, people), count_finals(graded)
    else:
        data, filled = _exported(form, graded, blocks_of, template, column, comments, scale=scale)
    write_output(path, data)
    _print_filled(path, filled, parts.max_score, scale=scale)
    _finish(filled, form)
    sys.exit(0)


def _warn_of_policy(results: Path, config: "Config") -> None:
    """Warn if the late policy in config.yaml is not the one that the marks are under."""
    from grader.classroom.store.policy import policy_of
    from grader.classroom.store.query import Results

    with Results(results) as stored:
        if policy_of(stored.connection) != config.late:
            line = f"late: in config.yaml has changed since the last grading run: `grader regrade {results}` applies it"
            click.secho(line, fg="yellow")


def _exported(
    form: str,
    graded: "Marked",
    blocks_of: "Callable[[StudentRow], list[Block]]",
    template: Path | None,
    column: str,
    comments: str,
    *,
    scale: bool,
) -> "tuple[bytes, Filled]":
    """The file in the format `form`, and who is in it.

    Args:
        blocks_of: what a student reads.
    """
    from grader.classroom.exports import feedback, gradebooks, worksheet

    if form == "canvas" and template is not None:
        filled = gradebooks.fill_canvas(graded, template, column, scale=scale)
        return filled.text.encode(), filled
    if form == "moodle" and template is not None:
        filled = worksheet.fill_moodle(
            graded,
            template,
            lambda row: feedback.fragment(blocks_of(row)),
            column or "Grade",
            comments,
            scale=scale,
        )
        return filled.text.encode(), filled
    if form == "moodle-feedback":
        data, count = feedback.feedback_zip(graded, blocks_of)
        return data, gradebooks.Filled(graded=count)
    return gradebooks.gradescope_csv(graded).encode(), gradebooks.count_finals(graded)


def _print_column(filled: "Filled", max_score: float, *, scale: bool) -> None:
    """Warn if the column has another maximum, or none for comments."""
    if filled.worth:
        there = ", ".join(f"{points:g}" for points in sorted(filled.worth))
        most = f"the marks are out of {max_score:g}"
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
        ("submitted, but could not be read or graded: left as they were", filled.without_grade),
        ("in that file, but without marks: left as they were", filled.without_marks),
    ):
        if students:
            click.echo(f"{title}: {len(students)} ({_names(students)})")


def _names(names: list[str]) -> str:
    shown = "; ".join(one_line(name, 60) for name in names[:_SHOWN])  # a gradebook's names are "Last, First"
    return f"{shown}; and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
