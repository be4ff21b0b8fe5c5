"""`grader grade`: one submission, for instructors."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from grader.cli.common import PATH, config_option, exit_with, parts_of, print_human
from grader.config.find import OPTION, find_config_for
from grader.errors import UsageError
from grader.grading.grader import Grader
from grader.output.formats import NAMES

if TYPE_CHECKING:
    from grader.parts.parts import Parts


@click.command("grade")
@click.argument("file", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.option(
    "--format", "name", type=click.Choice(NAMES), help="Print the result for another platform and nothing else."
)
@config_option
def command(file: Path, as_json: bool, name: str | None, config_path: Path | None) -> None:
    """Grade one submission.

    FILE is a Python file or notebook, or a folder or zip that contains one at any depth.
    """
    if as_json and name is not None:
        raise UsageError("--json and --format: expected one of them, found both")
    config = find_config_for(file, config_path, option=OPTION)
    if (parts := parts_of(config)) is not None:
        _grade_parts(parts, file, name, as_json=as_json)
    with Grader(config) as grader:
        grade = grader.grade(file, submitted=name is not None)
    if as_json:
        sys.stdout.buffer.write(grade.to_json().encode())
    elif name is not None:
        from grader.output.formats import render

        click.echo(render(name, grade, grader.config), nl=False)
    else:
        print_human(grade, grader.config, staff=True)
    exit_with(grade)


def _grade_parts(parts: "Parts", file: Path, name: str | None, *, as_json: bool) -> NoReturn:
    from grader.cli.several import exit_code, heading
    from grader.parts.graded import grade_each
    from grader.parts.merged import document, formatted, submission_name, total

    graded = grade_each(parts, file, submitted=name is not None)
    grades = {part.name: grade for part, grade in graded}
    if as_json:
        sys.stdout.buffer.write(document(parts, grades, submission_name(file)).encode())
    elif name is not None:
        click.echo(formatted(name, parts, grades, submission_name(file)), nl=False)
    else:
        for i, (part, grade) in enumerate(graded):
            heading(part, first=i == 0)
            print_human(grade, part.config, staff=True)
        click.secho(f"\n{total(parts, grades)}", bold=True)
    sys.exit(exit_code(grades.values()))
