"""`grader show`: one student's result, in the terminal."""

from pathlib import Path

import click

from grader.cli.common import PATH, config_option, echo_outdated
from grader.grading.grader import Grader


@click.command("show")
@click.argument("results", type=PATH)
@click.argument("student")
@click.option("--source", is_flag=True, help="Also print the submitted file.")
@config_option
def command(results: Path, student: str, source: bool, config_path: Path | None) -> None:
    """Show the result of STUDENT, given by key, name, e-mail or number, or by a part of the key or name."""
    from rich.console import Console

    from grader.classroom.exports.show import find_one, print_student
    from grader.classroom.store.database import explained
    from grader.classroom.store.query import Results

    config = Grader(config_path).config
    with explained(results), Results(results) as stored:
        print_student(Console(highlight=False), stored, find_one(stored, student), config, source=source)
        echo_outdated(stored)
