"""`grader grade`: one submission, for instructors."""

import sys
from pathlib import Path

import click

from grader.cli.common import PATH, config_option, exit_with, print_human
from grader.config.find import OPTION, find_config_for
from grader.errors import UsageError
from grader.grading.grader import Grader
from grader.output.formats import NAMES


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
    with Grader(find_config_for(file, config_path, option=OPTION)) as grader:
        grade = grader.grade(file, submitted=name is not None)
    if as_json:
        sys.stdout.buffer.write(grade.to_json().encode())
    elif name is not None:
        from grader.output.formats import render

        click.echo(render(name, grade, grader.config), nl=False)
    else:
        print_human(grade, grader.config, staff=True)
    exit_with(grade)
