"""What commands share: options, printing a grade, the exit code."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from grader.classroom.store.query import Results
    from grader.config.keys import Config
    from grader.records.result import Grade


class _Path(click.Path):
    """A path; an empty one is a mistake of a script, and not the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("expected a path, found an empty string", param, ctx)
        return super().convert(value, param, ctx)


PATH = _Path(path_type=Path)

config_option = click.option(
    "--config", "config_path", type=PATH, help="The assignment's config.yaml (default: the nearest, upwards)."
)
jobs_option = click.option("--jobs", type=click.IntRange(1, 256), help="Worker processes (default: one per processor).")
dask_option = click.option(
    "--dask", "address", default="", help="Grade on the cluster of this Dask scheduler, such as tcp://host:8786."
)
force_option = click.option("--force", is_flag=True, help="Pack an assignment even if it is not sound.")


def zip_option(default: str) -> Callable[[Any], Any]:
    """The zip that a command writes."""
    return click.option("-o", "--output", type=PATH, default=default, show_default=True, help="The zip to write.")


def config_at(named: Path | None) -> Path:
    """The config.yaml that was named or else the nearest.

    Raises:
        ConfigError: there is none.
    """
    from grader.config.find import OPTION, find_config

    return named or find_config(Path.cwd(), option=OPTION)


def print_human(grade: "Grade", config: "Config", *, staff: bool) -> None:
    from rich.console import Console

    from grader.output.terminal import print_grade

    print_grade(Console(highlight=False), grade, config, staff=staff)


def echo_outdated(results: "Results") -> None:
    """Warn of files in RESULTS that are older than the marks."""
    from grader.classroom.store.outputs import outdated

    line = outdated(results)
    if line:
        click.secho(line, fg="yellow")


def exit_with(grade: "Grade") -> None:
    """End the command with the exit code of this grade.

    Raises:
        GraderError: it was not graded.
    """
    from grader.errors import GraderError

    if grade.status == "not_graded":
        raise GraderError(grade.message)
    sys.exit(0 if grade.passed else 1)
