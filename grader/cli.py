"""The command line: reads arguments, calls the pipeline, prints, and turns the outcome into an exit code.

Exit codes: 0 all passed, 1 something failed, 2 usage or config error, 3 could not grade.
The only place that prints a `GraderError`.  Heavy modules are imported where they are used: start-up time counts.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader import __version__
from grader.errors import GraderError

if TYPE_CHECKING:
    from grader.assignment import Assignment
    from grader.config import Config
    from grader.result import Grade
    from grader.sandbox.host import Sandbox

_CONFIG = click.option(
    "--config", "config_path", type=click.Path(path_type=Path), help="The assignment's config.yaml (default: the nearest, upwards)."
)


class _Group(click.Group):
    """Prints our errors as one line, and lists commands in the order in which they are defined."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GraderError as error:
            click.echo(f"{click.style('error:', fg='red', bold=True)} {error}", err=True)
            ctx.exit(error.exit_code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Grade hand-derived gradients: right or wrong, and why.

    \b
    student     grader check gradients.py
    staff       grader grade gradients.py
    """


@main.command()
@click.argument("file", type=click.Path(path_type=Path), default="gradients.py")
@_CONFIG
def check(file: Path, config_path: Path | None) -> None:
    """Check your own FILE (default: gradients.py), without the solution.

    Shapes, finite differences and exactness; no marks, and never a right answer.
    """
    config, folder = _read_config(config_path)
    if config.sandbox.require == "strong" and sys.platform != "linux":
        click.echo("note: on this system your file runs with limits but without a sandbox", err=True)
    with _grading(config, folder, with_solution=False) as (assignment, sandbox):
        grade = _grade(assignment, sandbox, file)
    _print(grade, config, staff=False)
    _exit(grade)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@_CONFIG
def grade(file: Path, as_json: bool, config_path: Path | None) -> None:
    """Grade FILE: a Python file, or a folder or zip that contains it at any depth."""
    config, folder = _read_config(config_path)
    with _grading(config, folder, with_solution=True) as (assignment, sandbox):
        result = _grade(assignment, sandbox, file, require=config.sandbox.require)
    if as_json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    else:
        _print(result, config, staff=True)
    _exit(result)


def _read_config(path: Path | None) -> tuple["Config", Path]:
    from grader.config import find_config, load_config

    found = find_config(Path.cwd()) if path is None else path
    return load_config(found), found.resolve().parent


@contextmanager
def _grading(config: "Config", folder: Path, *, with_solution: bool) -> Iterator[tuple["Assignment", "Sandbox"]]:
    """An assignment and its sandbox; the sandbox starts up while the assignment is being loaded."""
    from grader.sandbox.spawner import start_spawner

    spawner = start_spawner(folder / config.model, config.sandbox)
    try:
        from grader.assignment import load_assignment
        from grader.pipeline import make_sandbox

        assignment = load_assignment(config, folder, with_solution=with_solution)
        spawners = iter([spawner])
        sandbox = make_sandbox(assignment, lambda: next(spawners, None) or start_spawner(folder / config.model, config.sandbox))
        with sandbox:
            yield assignment, sandbox
    finally:
        spawner.close()


def _grade(assignment: "Assignment", sandbox: "Sandbox", file: Path, require: str = "any") -> "Grade":
    from grader.errors import SandboxError
    from grader.grade import not_graded
    from grader.pipeline import grade_submission
    from grader.submission import read_submission

    config = assignment.config
    submission = read_submission(file, config.submission, config.sandbox.source_kb * 1024)
    try:
        sandbox.require(require)
    except SandboxError as error:
        return not_graded(assignment, submission.name, str(error))
    return grade_submission(assignment, sandbox, submission)


def _print(grade: "Grade", config: "Config", *, staff: bool) -> None:
    from rich.console import Console

    from grader.render import print_grade

    print_grade(Console(highlight=False), grade, config, staff=staff)


def _exit(grade: "Grade") -> None:
    if grade.status == "not_graded":
        click.echo(f"{click.style('error:', fg='red', bold=True)} {grade.message}", err=True)
        sys.exit(3)
    sys.exit(0 if grade.passed else 1)
