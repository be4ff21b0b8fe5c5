"""`grader new`: a complete assignment from a model."""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from grader.cli.commands.validate import print_report
from grader.config.calling import FUNCTION_NAME
from grader.errors import UsageError
from grader.grading.grader import Grader

if TYPE_CHECKING:
    from grader.validation.finding import Report

# What may fail by accident, and be right with other random numbers.
_LUCK = ("steps", "tolerances", "mistakes lose marks", "mistakes can be told apart")
_MORE_SEEDS = 3
_MORE_POINTS = 2  # times; with more sample points, at each of which a wrong comparison must be right by accident


@click.command("new")
@click.argument("model", type=click.Path(path_type=Path), required=False)
@click.option("--from", "copied", metavar="NAME", help="Copy an assignment of the gallery, in place of MODEL.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The folder (default: the model's name, beside it)."
)
@click.option(
    "--interface",
    type=click.Choice(["step", "parameters"]),
    default="step",
    help="What functions take: a sample point, dJ_dU(s), or quantities by name, dJ_dU(h, y_hat, y).",
)
@click.option("--function", default="", metavar="NAME", help="Ask for one function that returns all gradients.")
@click.option("--yes", is_flag=True, help="Ask nothing: take the default wherever something cannot be inferred.")
def command(
    model: Path | None, copied: str | None, output: Path | None, interface: str, function: str, yes: bool
) -> None:
    """Write a complete assignment from MODEL, or copy one from the gallery.

    MODEL is a Python file with one function for each quantity, the loss last; its docstrings or annotations give the shapes of
    the inputs, such as "X is (N, D)".  The folder gets a config, stubs and a handout text for students, the derived solution and
    its derivation.  Then the assignment is validated: exit code 1 if something is wrong with it.
    """
    if copied is not None:
        if model is not None or function or interface != "step":
            raise UsageError("--from copies an assignment as it is: leave out MODEL, --interface and --function")
        _copy(copied, output or Path(copied))
    elif model is None:
        raise UsageError("name the model, as in `grader new model.py`, or an assignment of the gallery: --from NAME")
    else:
        _write(model, output or model.with_suffix(""), interface, function, yes)


def _write(model: Path, folder: Path, interface: str, function: str, yes: bool) -> NoReturn:
    from grader.newassignment.blueprint import make_blueprint, redrawn
    from grader.newassignment.config_text import config_text
    from grader.newassignment.write_folder import assignment_files, refuse_existing, write_files

    refuse_existing(folder)
    if function and not re.fullmatch(FUNCTION_NAME, function):
        raise UsageError(f"--function: expected the name of a function, or Class.method, found {function!r}")
    ask = _ask_nothing if yes or not sys.stdin.isatty() else _ask
    blueprint = make_blueprint(model, ask, interface, function, _begins)
    files = assignment_files(blueprint)
    write_files(folder, files)
    _list(folder, blueprint.title, files, blueprint.notes)
    _validate(folder, lambda many: config_text(redrawn(blueprint, many=many)))


def _copy(name: str, folder: Path) -> NoReturn:
    from grader.newassignment.gallery.copying import copied_files, find_in_gallery, with_new_seed
    from grader.newassignment.write_folder import refuse_existing, write_files

    source = find_in_gallery(name)
    refuse_existing(folder)
    files = copied_files(source)
    write_files(folder, files)
    _list(folder, name, files, ["the gallery and its solutions are public"])
    _validate(folder, lambda _: with_new_seed(files["config.yaml"]))


def _list(folder: Path, title: str, files: Iterable[str], notes: Iterable[str]) -> None:
    click.echo(f"{folder}: {title}")
    wrong = [name for name in files if name.startswith("wrong/")]
    for name in files:
        if name not in wrong:
            click.echo(f"  {name}")
    if wrong:
        click.echo(f"  wrong/  {len(wrong)} wrong submissions, each with its mistake in the first line")
    for note in notes:
        click.echo(f"note: {note}")
    click.echo()


def _validate(folder: Path, redrawn: Callable[[bool], str]) -> NoReturn:
    """Validate what was written, with other seeds if this one is unlucky, and exit."""
    from grader.newassignment.write_folder import write_files

    found = _validated(folder)
    for many in (*[False] * _MORE_SEEDS, *[True] * _MORE_POINTS):
        if not any(each.outcome == "failed" and each.check in _LUCK for each in found.findings):
            break
        write_files(folder, {"config.yaml": redrawn(many)})
        found = _validated(folder)
    print_report(found)
    if found.sound:
        click.echo(f"Next: read {folder / 'solutions' / 'gradients.py'} and {folder / 'assignment' / 'README.md'}.")
    sys.exit(0 if found.sound else 1)


def _begins(step: str) -> None:
    """A line for a step that may take a while, in a terminal."""
    if sys.stderr.isatty():
        click.echo(f"{step} ...", err=True)


def _validated(folder: Path) -> "Report":
    from grader.validation.validate import validate

    _begins("validating the assignment")
    with Grader(folder / "config.yaml") as grader:
        return validate(grader.assignment, grader.sandbox)


def _ask(question: str, default: str, choices: Iterable[str]) -> str:
    kind = click.Choice(list(choices)) if choices else None
    return str(click.prompt(question, default=default, type=kind))


def _ask_nothing(question: str, default: str, choices: Iterable[str]) -> str:
    click.echo(f"{question}: {default} (the default)")
    return default
