"""`grader check`: the student's own, without the solution."""

import sys
from pathlib import Path

import click

from grader.commands.common import config_option, exit_with, grade_file, grading, print_human, read_config


@click.command("check")
@click.argument("file", type=click.Path(path_type=Path), default="gradients.py")
@config_option
def command(file: Path, config_path: Path | None) -> None:
    """Check your own FILE (default: gradients.py), without the solution.

    Shapes, finite differences and exactness; no marks, and never a right answer.
    """
    config, folder = read_config(config_path)
    if sys.platform != "linux":
        click.echo("note: on this system your file runs with limits, but not in a sandbox", err=True)
    with grading(config, folder, with_solution=False) as (assignment, sandbox):
        grade = grade_file(assignment, sandbox, file, require="any")
    print_human(grade, config, staff=False)
    exit_with(grade)
