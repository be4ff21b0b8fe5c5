"""The command line: finds the command, and turns errors into one line and an exit code.

Exit codes: 0 all passed, 1 something failed, 2 usage or config error, 3 could not grade.
The only place that prints a `GraderError`.  A command's module is imported when it is called, to start quickly.
"""

import errno
import functools
import importlib.util
from typing import Any, NoReturn

import click

from grader import __version__
from grader.cli import commands
from grader.errors import GraderError, UsageError, did_you_mean, reason_of
from grader.text import several_lines

_GRADE = ("check", "grade")
_RESUMABLE = ("batch", "regrade")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@functools.cache
def command_modules() -> dict[str, str]:
    """Every module in or below grader.cli.commands is a command of its name, and defines it as `command`."""
    import pkgutil

    return {
        module.name.rpartition(".")[2]: module.name
        for module in pkgutil.walk_packages(commands.__path__, f"{commands.__name__}.")
        if not module.ispkg
    }


def _module_of(command: str) -> str | None:
    """The module of a command, None where there is none; most need no look at all the others."""
    near = f"{commands.__name__}.{command}"
    found = importlib.util.find_spec(near) if command.isalpha() else None
    if found is not None and found.submodule_search_locations is None:
        return near
    return command_modules().get(command)


class _Commands(click.Group):
    """A group whose commands are imported on demand, and whose errors are one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(command_modules())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        module = _module_of(name)
        command: click.Command | None = importlib.import_module(module).command if module else None
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and _module_of(args[0]) is None:
            ctx.fail(f"no such command: {args[0]}{did_you_mean(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GraderError as error:
            _fail(ctx, str(error), error.exit_code)
        except KeyboardInterrupt:
            kept = {
                **dict.fromkeys(_RESUMABLE, "; what is finished is kept: run the same command again"),
                **dict.fromkeys(_GRADE, "; what was graded is printed above"),
            }
            click.echo(f"interrupted{kept.get(ctx.invoked_subcommand or '', '')}", err=True)
            ctx.exit(GraderError.exit_code)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _FULL:
                _fail(ctx, f"the result could not be written: {error.strerror}")
            if isinstance(error, PermissionError) and error.filename:
                _fail(ctx, f"{error.filename}: no access: {reason_of(error)}", UsageError.exit_code)
            import traceback

            traceback.print_exc()
            _fail(ctx, "the grader itself failed; no mark was given")


def _fail(ctx: click.Context, message: str, code: int = GraderError.exit_code) -> NoReturn:
    """End with one line; file names in it may be a student's, and must not control the terminal."""
    click.echo(f"{click.style('error:', fg='red', bold=True)} {several_lines(message)}", err=True)
    ctx.exit(code)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Grade hand-derived gradients: right or wrong, and why.

    \b
    students       grader check gradients.py
    instructors    grader grade gradients.py
    """
