"""`grader check`: the student's own, without the solution."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

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
from grader.cli.pipes import reader_gone
from grader.errors import UsageError
from grader.inputs.submission import handout_digests, own_file
from grader.text import several_lines

if TYPE_CHECKING:
    from grader.config.keys import Config
    from grader.problem.assignment import Assignment
    from grader.sandbox.host import Sandbox

_WATCH_SECONDS = 0.2


@click.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--watch", is_flag=True, help="Check again whenever the file is saved, until Ctrl-C.")
@config_option
def command(file: Path | None, watch: bool, config_path: Path | None) -> None:
    """Check your own FILE, without the solution.

    FILE is gradients.py unless you name another, or gradients.ipynb where there is only that.  Shapes, finite differences
    and exactness; no marks, and never a right answer.
    """
    config, folder = read_config(find_config_for(file or Path(), config_path, own=True))
    note = ""
    if file is None:
        known = handout_digests(config, folder, Path())
        file, note = own_file(Path(), config.submission, config.sandbox.source_kb * 1024, known)
    if sys.platform != "linux":
        click.echo("note: on this system your file runs with limits, but not in a sandbox", err=True)
    if watch:
        _watch(file, note, config, folder)
    with grading(config, folder, with_solution=False) as (assignment, sandbox):
        grade = grade_file(assignment, sandbox, file, require="any", note=note)
    print_human(grade, config, staff=False)
    exit_with(grade)


def _watch(file: Path, note: str, config: "Config", folder: Path) -> NoReturn:
    """Check now and after each save.  The sandbox stays up in between, so that the answer is there at once."""
    with grading(config, folder, with_solution=False) as (assignment, sandbox):
        try:
            _check_at_each_save(assignment, sandbox, file, note, config)
        except KeyboardInterrupt:
            sys.exit(0)


def _check_at_each_save(
    assignment: "Assignment", sandbox: "Sandbox", file: Path, note: str, config: "Config"
) -> NoReturn:
    seen: tuple[int, int] | None = None
    while not reader_gone():
        now = _saved(file)
        if now != seen:
            seen = now
            click.clear()
            try:
                grade = grade_file(assignment, sandbox, file, require="any", note=note)
                print_human(grade, config, staff=False)
            except UsageError as error:  # an editor may be half way through saving
                click.echo(several_lines(str(error)), err=True)
            click.echo(f"watching {file}; Ctrl-C ends it")
        time.sleep(_WATCH_SECONDS)
    sys.exit(0)


def _saved(file: Path) -> tuple[int, int]:
    """When the file was saved last, and its size."""
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
