"""`grader check`: a student's own file, without the solution."""

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from grader.cli.common import PATH, config_option, exit_with
from grader.cli.main import reader_gone
from grader.config.find import OPTION, find_config_for
from grader.errors import UsageError
from grader.grading.grader import Grader
from grader.text import several_lines

if TYPE_CHECKING:
    from grader.records.result import Grade

_WATCH_SECONDS = 0.2


@click.command("check")
@click.argument("file", type=PATH, required=False)
@click.option("--watch", is_flag=True, help="Check again whenever the file is saved, until Ctrl-C.")
@config_option
def command(file: Path | None, watch: bool, config_path: Path | None) -> None:
    """Check your own file, without the solution.

    Without FILE, it checks gradients.py in this folder or, if there is none, gradients.ipynb.  Checks shapes, finite
    differences and exactness; shows hints, but no marks and no answers.
    """
    with Grader(find_config_for(file or Path(), config_path, own=True, option=OPTION), at_home=True) as grader:
        if sys.platform != "linux":
            click.echo("note: on this system your file runs with limits, but not in a sandbox", err=True)
        if watch:
            _watch(grader, file)
        grade = _checked(grader, file)
    exit_with(grade)


def _checked(grader: Grader, file: Path | None) -> "Grade":
    """Check and print: first what is right and what is wrong and, once that is known, why."""
    from rich.console import Console

    from grader.output.terminal import print_explanations, print_verdicts

    console, printed = Console(highlight=False), False

    with ExitStack() as explaining:

        def seen(grade: "Grade") -> None:
            nonlocal printed
            print_verdicts(console, grade, grader.config, staff=False)
            printed = True
            console.file.flush()
            if console.is_terminal:  # the first time takes a moment
                explaining.enter_context(console.status("explaining ..."))

        grade = grader.check(file, seen=seen)
    if not printed:
        print_verdicts(console, grade, grader.config, staff=False)
    print_explanations(console, grade, grader.config, staff=False)
    return grade


def _watch(grader: Grader, file: Path | None) -> NoReturn:
    """Check now and after each save.  The sandbox keeps running, so that each check is quick."""
    try:
        seen: tuple[int, int] | None = None
        while not reader_gone():
            watched = file or grader.own_file(Path())[0]
            now = _saved(watched)
            if now != seen:
                seen = now
                click.clear()
                _check_once(grader, file)
                click.echo(f"watching {watched}; press Ctrl-C to stop")
            time.sleep(_WATCH_SECONDS)
    except KeyboardInterrupt:
        pass
    sys.exit(0)


def _check_once(grader: Grader, file: Path | None) -> None:
    try:
        _checked(grader, file)
    except UsageError as error:  # an editor may be saving it right now
        click.echo(several_lines(str(error)), err=True)


def _saved(file: Path) -> tuple[int, int]:
    """When the file was last saved, and its size."""
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
