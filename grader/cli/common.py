"""What commands share: the config option, printing a grade, the exit code."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.classroom.store.query import Results
    from grader.config.keys import Config
    from grader.records.result import Grade

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="The assignment's config.yaml (default: the nearest, upwards).",
)


def print_human(grade: "Grade", config: "Config", *, staff: bool) -> None:
    from rich.console import Console

    from grader.output.terminal import print_grade

    print_grade(Console(highlight=False), grade, config, staff=staff)


def echo_outdated(results: "Results") -> None:
    """Say which files in RESULTS are older than the marks."""
    from grader.classroom.store.outputs import outdated

    line = outdated(results)
    if line:
        click.secho(line, fg="yellow")


def exit_with(grade: "Grade") -> None:
    """End the command with the exit code of this grade."""
    from grader.text import several_lines

    if grade.status == "not_graded":
        click.echo(f"{click.style('error:', fg='red', bold=True)} {several_lines(grade.message)}", err=True)
        sys.exit(3)
    sys.exit(0 if grade.passed else 1)
