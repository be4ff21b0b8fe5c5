"""`grader grade`: one submission, for staff."""

import sys
from pathlib import Path

import click

from grader.cli.common import (
    config_option,
    exit_with,
    find_config_for,
    grade_file,
    grading,
    print_human,
    read_config,
)
from grader.errors import UsageError
from grader.output.formats import NAMES


@click.command("grade")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.option("--format", "name", type=click.Choice(NAMES), help="Print what another platform reads, and nothing else.")
@config_option
def command(file: Path, as_json: bool, name: str | None, config_path: Path | None) -> None:
    """Grade FILE: a Python file, or a folder or zip that contains it at any depth."""
    if as_json and name is not None:
        raise UsageError("--json and --format: expected one of them, found both")
    config, folder = read_config(find_config_for(file, config_path))
    with grading(config, folder, with_solution=True) as (assignment, sandbox):
        grade = grade_file(assignment, sandbox, file, require=config.sandbox.require, for_platform=name is not None)
    if as_json:
        from grader.records.result import to_json

        sys.stdout.buffer.write(to_json(grade))
    elif name is not None:
        from grader.output.formats import render

        click.echo(render(name, grade, config), nl=False)
    else:
        print_human(grade, config, staff=True)
    exit_with(grade)
