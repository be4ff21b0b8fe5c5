"""What commands do for a homework of several parts: the same for each of them, and then what they have together."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.errors import GraderError, UsageError
from grader.parts.parts import Part, Parts
from grader.text import several_lines

if TYPE_CHECKING:
    from grader.parts.whole_class import Whole
    from grader.records.result import Grade


def for_each(parts: Iterable[Part], run: Callable[[Part], None]) -> int:
    """Run a command for each part, below a heading; what is wrong with one does not stop the others.

    Returns:
        The highest of their exit codes.
    """
    worst = 0
    for i, part in enumerate(parts):
        heading(part, first=i == 0)
        try:
            run(part)
        except SystemExit as end:
            worst = max(worst, end.code if isinstance(end.code, int) else 0)
        except GraderError as error:
            sys.stdout.flush()
            click.echo(f"{click.style('error:', fg='red', bold=True)} {several_lines(str(error))}", err=True)
            worst = max(worst, error.exit_code)
    return worst


def heading(part: Part, *, first: bool) -> None:
    click.secho(f"{'' if first else chr(10)}{part.name}: {part.config.title}", bold=True)


def exit_code(grades: "Iterable[Grade]") -> int:
    """That of these grades together."""
    found = list(grades)
    if any(grade.status == "not_graded" for grade in found):
        return GraderError.exit_code
    return 0 if all(grade.passed for grade in found) else 1


def is_results(folder: Path) -> bool:
    """Whether a folder holds the results of a batch."""
    from grader.classroom.store.database import DATABASE

    return (folder / DATABASE).is_file()


def with_results(parts: Parts, results: Path) -> list[tuple[Part, Path]]:
    """The parts with their results: those in the folders in `results`, or the one whose results these are.

    Raises:
        UsageError: there are none.
    """
    whole = [(part, results / part.name) for part in parts if is_results(results / part.name)]
    own = [(part, results) for part in parts if part.name == results.resolve().name]
    if whole or (own and is_results(results)):
        return whole or own
    names = ", ".join(part.name for part in parts)
    raise UsageError(f"{results}: expected the results of `grader batch` there, a folder for each part: {names}")


def folders_with_results(parts: Parts, results: Path) -> list[Path]:
    """The folders of `with_results`."""
    return [folder for _, folder in with_results(parts, results)]


def for_results(parts: Parts, results: Path, run: Callable[[Path, Path], None], *, rewrite: bool = False) -> int:
    """Run a command for each part with its results.

    Args:
        run: is given the config.yaml of a part, and the folder with its results.
        rewrite: afterwards write again what shows the marks of all parts together.

    Returns:
        The highest of the exit codes.
    """
    found = {part.name: folder for part, folder in with_results(parts, results)}
    code = for_each([part for part in parts if part.name in found], lambda part: run(part.path, found[part.name]))
    if rewrite:
        rewrite_whole(parts, results)
    return code


def rewrite_whole(parts: Parts, results: Path) -> "list[Whole]":
    """Write again what shows the marks of all parts together, if all have results.

    Args:
        results: of the homework, or of one part.

    Returns:
        Every student, over all parts.
    """
    from grader.parts.whole_class import write_whole

    own = with_results(parts, results)[0][1] == results
    root = results.resolve().parent if own else results
    everywhere = [(part, root / part.name) for part in parts]
    return write_whole(parts, root, everywhere) if all(is_results(folder) for _, folder in everywhere) else []
