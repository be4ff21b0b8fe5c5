"""`grader check`: a student's own file, without the solution."""

import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from grader.cli.common import PATH, config_option, exit_with
from grader.cli.main import reader_gone
from grader.config.find import OPTION, find_config_for
from grader.errors import UsageError, did_you_mean
from grader.grading.grader import Grader
from grader.text import several_lines

if TYPE_CHECKING:
    from grader.records.result import Grade

_WATCH_SECONDS = 0.2


@click.command("check")
@click.argument("what", metavar="[FILE] [GRADIENT]...", nargs=-1)
@click.option("--watch", is_flag=True, help="Check again whenever the file is saved, until Ctrl-C.")
@click.option("--github", is_flag=True, help="In a workflow: also write the job summary and result.json.")
@config_option
def command(what: tuple[str, ...], watch: bool, github: bool, config_path: Path | None) -> None:
    """Check your own file, without the solution.

    Without FILE, it checks gradients.py in this folder or, if there is none, gradients.ipynb.  Checks shapes, finite
    differences and exactness; shows hints, but no marks and no answers.  With the name of a GRADIENT, such as dJ_dU, it
    shows that one only.
    """
    file = next((PATH.convert(one, None, None) for one in what if _is_path(one)), None)
    with Grader(find_config_for(file or Path(), config_path, own=True, option=OPTION), at_home=True) as grader:
        file, names = _chosen(what, [gradient.name for gradient in grader.config.gradients])
        if sys.platform != "linux":
            click.echo("note: on this system your file runs with limits, but not in a sandbox", err=True)
        check = Check(grader, file, names)
        if watch:
            check.watch()
        grade = check.once()
        if github and grade.status == "graded":
            _write_for_github(grade, grader)
    exit_with(grade)


def _write_for_github(grade: "Grade", grader: Grader) -> None:
    from grader.output.actions import write_for_github

    try:
        write_for_github(grade, grader.config, os.environ, Path())
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be written: {error.strerror}") from error


def _is_path(word: str) -> bool:
    return not word.isidentifier() or Path(word).exists()


def _chosen(what: tuple[str, ...], known: list[str]) -> tuple[Path | None, list[str]]:
    """The file and the gradients that were named.

    Raises:
        UsageError: there are several files, or a word is neither.
    """
    names = [one for one in what if one in known]
    others = [one for one in what if one not in known]
    if len(others) > 1:
        raise UsageError(f"expected one file, found {' and '.join(others)}")
    if others and not _is_path(others[0]):
        near = did_you_mean(others[0], known)
        raise UsageError(
            f"{others[0]}: there is no such file, and no gradient of this name{near} (looked in {Path.cwd()})"
        )
    return (PATH.convert(others[0], None, None) if others else None), names


class Check:
    """Checks of one file, each printed: first what is right and what is wrong and, once that is known, why."""

    def __init__(self, grader: Grader, file: Path | None, names: list[str]) -> None:
        self._grader, self._file, self._names = grader, file, names
        self._before: Grade | None = None

    def once(self) -> "Grade":
        from rich.console import Console

        from grader.output.ownlines import quoting
        from grader.output.terminal import print_explanations, print_own_output, print_verdicts

        console, config, printed = Console(highlight=False), self._grader.config, False
        with ExitStack() as explaining:

            def seen(grade: "Grade") -> None:
                nonlocal printed
                self._print_progress(grade)
                print_verdicts(console, self._named(grade), config, staff=False)
                printed = True
                console.file.flush()
                if console.is_terminal:  # the first time takes a moment
                    explaining.enter_context(console.status("explaining ..."))

            grade = self._named(self._grader.check(self._file, seen=seen))
        if not printed:
            self._print_progress(grade)
            print_verdicts(console, grade, config, staff=False)
        quote = (lambda _: []) if grade.passed else quoting(self._grader.read(self._watched()).source)
        print_explanations(console, grade, config, staff=False, quote=quote)
        print_own_output(console, grade)
        self._before = grade
        return grade

    def watch(self) -> NoReturn:
        """Check now and after each save.  The sandbox keeps running, so that each check is quick."""
        try:
            seen: tuple[int, int] | None = None
            while not reader_gone():
                watched = self._watched()
                now = _saved(watched)
                if now != seen:
                    seen = now
                    click.clear()
                    try:
                        self.once()
                    except UsageError as error:  # an editor may be saving it right now
                        click.echo(several_lines(str(error)), err=True)
                    click.echo(f"watching {watched}; press Ctrl-C to stop")
                time.sleep(_WATCH_SECONDS)
        except KeyboardInterrupt:
            pass
        sys.exit(0)

    def _watched(self) -> Path:
        return self._file or self._grader.own_file(Path())[0]

    def _named(self, grade: "Grade") -> "Grade":
        """The grade with those gradients only that were asked for."""
        if not self._names:
            return grade
        import msgspec

        shown = [one for one in grade.gradients if one.name in self._names]
        return msgspec.structs.replace(grade, gradients=shown)

    def _print_progress(self, grade: "Grade") -> None:
        if self._before is not None:
            from grader.output.lastchange import progress

            if line := progress(self._before, self._named(grade)):
                click.secho(f"since the last save: {line}", bold=True)


def _saved(file: Path) -> tuple[int, int]:
    """When the file was last saved, and its size."""
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
