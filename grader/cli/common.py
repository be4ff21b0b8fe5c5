"""What commands share: options, printing a grade, the exit code."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from grader.config.keys import Config
    from grader.output.verdicts import Line
    from grader.parts.parts import Parts
    from grader.records.result import Grade


class _Path(click.Path):
    """A path; an empty one is a mistake of a script, and not the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("expected a path, found an empty string", param, ctx)
        return super().convert(value, param, ctx)


class _Number(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A number, with a decimal point or comma."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from grader.classroom.marks.entry_tables import read_number
        from grader.errors import UsageError

        try:
            return value if isinstance(value, float) else read_number(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


PATH = _Path(path_type=Path)
NUMBER = _Number()

config_option = click.option(
    "--config", "config_path", type=PATH, help="The assignment's config.yaml (default: the nearest, upwards)."
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    help="Worker processes (default: one per processor, fewer for a small class).",
)
dask_option = click.option(
    "--dask", "address", default="", help="Grade on the cluster of this Dask scheduler, such as tcp://host:8786."
)
author_option = click.option("--by", "author", default="", metavar="NAME", help="Who decides it (default: your login).")
part_option = click.option(
    "--part", default="", metavar="NAME", help="The part of a homework of several that it is about."
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


def parts_of(config: Path) -> "Parts | None":
    """The homework of several parts that a config.yaml declares; None where it is one assignment.

    Raises:
        ConfigError: it cannot be used.
    """
    from grader.config.find import has_parts

    if not has_parts(config):
        return None
    from grader.parts.parts import parts_at

    return parts_at(config)


def print_human(grade: "Grade", config: "Config", *, staff: bool) -> None:
    from grader.output.terminal import make_console, print_grade

    print_grade(make_console(), grade, config, staff=staff)


def echo_lines(lines: "Sequence[Line]") -> None:
    """Print lines with styles, in color on a terminal."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "unknown")
    for line in lines:
        parts = (
            click.style(
                text,
                fg=style.removeprefix("bold").removeprefix("dim").strip() or None,
                bold="bold" in style or None,
                dim="dim" in style or None,
            )
            for text, style in line
        )
        click.echo("".join(parts), color=False if plain else None)


def echo_outdated(*folders: Path) -> None:
    """Warn of files of these results that are older than the marks: once, for all parts of a homework."""
    from grader.classroom.store.outputs import outdated

    if line := outdated(folders):
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


def author_or_login(author: str) -> str:
    """Who makes an entry.

    Raises:
        UsageError: this machine does not know who is logged in.
    """
    import getpass

    from grader.errors import UsageError

    try:
        return author.strip() or getpass.getuser()
    except (KeyError, OSError, ImportError) as error:
        raise UsageError("this machine does not know who you are: say so with --by NAME") from error
