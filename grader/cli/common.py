"""What commands share: the config option, a running sandbox, printing a grade, the exit code."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.classroom.store.query import Results
    from grader.config.keys import Config
    from grader.problem.assignment import Assignment
    from grader.records.result import Grade
    from grader.sandbox.host import Sandbox

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="The assignment's config.yaml (default: the nearest, upwards).",
)


def find_config_path(path: Path | None) -> Path:
    """The config.yaml that was named, or else the nearest."""
    from grader.config.load import find_config

    return find_config(Path.cwd()) if path is None else path


def lies_in(config: Path, folder: Path, *, below: bool = True, itself: bool = True) -> bool:
    """Whether a config lies in a folder `itself`, or `below` in it; it does where a link in it leads elsewhere, too."""
    holders = {config.absolute().parent, config.resolve().parent}
    places = {Path(os.path.abspath(folder)), folder.resolve()}
    return any(
        (itself and one == place) or (below and one != place and one.is_relative_to(place))
        for one in holders
        for place in places
    )


def find_config_for(graded: Path, path: Path | None, *, own: bool = False) -> Path:
    """As `find_config_path`, for grading what is at `graded`; what is graded does not bring its own rules.

    A config.yaml names a model, which is run as the instructor's.  So one that was not named must not lie in a folder that
    is graded, nor beside a file that is.

    Args:
        own: it is the user's own work, and theirs the folder with the config.

    Raises:
        UsageError: it does.
    """
    found = find_config_path(path)
    if path is not None:
        return found
    is_folder = graded.is_dir()
    if lies_in(found, graded if is_folder else graded.parent, below=is_folder, itself=not own) or (
        not is_folder and not own and found.resolve().parent == graded.resolve().parent
    ):
        if not _names_solution(found):
            raise UsageError(
                f"{found}: expected `solution:`, the solved file, found none; to check your own work, use `grader check`"
            )
        raise UsageError(
            f"{found} lies {'in' if graded.is_dir() else 'beside'} {graded}, which is being graded, so it may be the"
            f" student's; name yours with --config PATH, or this one with --config {found}"
        )
    return found


def _names_solution(config: Path) -> bool:
    """Whether it is a config for grading, and not one from a handout; it may be hostile, and is not parsed."""
    import re

    try:
        with config.open("rb") as file:
            return re.search(rb"^solution\s*:", file.read(2**20), re.MULTILINE) is not None
    except OSError:
        return True


def read_config(path: Path | None) -> tuple["Config", Path]:
    """The config, and the folder that its paths are relative to."""
    from grader.config.load import load_config

    found = find_config_path(path)
    return load_config(found), found.resolve().parent


@contextmanager
def grading(config: "Config", folder: Path, *, with_solution: bool) -> Iterator[tuple["Assignment", "Sandbox"]]:
    """An assignment and its sandbox; the sandbox starts up while the assignment is being loaded."""
    from grader.sandbox.spawner import start_spawner

    model = folder / config.model
    spawner = start_spawner(model, config.sandbox)
    try:
        from grader.grading.pipeline import make_sandbox
        from grader.problem.assignment import load_assignment

        assignment = load_assignment(config, folder, with_solution=with_solution)
        first = iter([spawner])
        with make_sandbox(assignment, lambda: next(first, None) or start_spawner(model, config.sandbox)) as sandbox:
            yield assignment, sandbox
    finally:
        spawner.close()


def grade_file(
    assignment: "Assignment",
    sandbox: "Sandbox",
    file: Path,
    *,
    require: str,
    for_platform: bool = False,
    note: str = "",
) -> "Grade":
    """Grade one file, folder or zip; not graded where the sandbox is weaker than required.

    Args:
        for_platform: a student reads the result, also where the folder or zip that they handed in has no file to grade.
        note: why it is this file.
    """
    from dataclasses import replace

    from grader.errors import SandboxError
    from grader.grading.grade import grade, not_graded
    from grader.grading.pipeline import grade_submission
    from grader.inputs.submission import handout_digests, read_handed_in, read_submission
    from grader.records.run import Answer, Run

    config = assignment.config
    read = read_handed_in if for_platform else read_submission
    known = frozenset() if file.suffix in (".py", ".ipynb") else handout_digests(config, assignment.folder, file)
    submission = read(file, config.submission, config.sandbox.source_kb * 1024, known)
    if isinstance(submission, Answer):
        return grade(assignment, Run({}, submission), config.submission)
    try:
        sandbox.require(require)
    except SandboxError as error:
        return not_graded(assignment, submission.name, str(error))
    return grade_submission(assignment, sandbox, replace(submission, note=submission.note or note))


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
