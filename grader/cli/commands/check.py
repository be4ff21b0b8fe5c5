"""`grader check`: a student's own file, without the solution."""

import os
import sys
import textwrap
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from grader.cli.common import PATH, config_option, echo_lines, exit_with, parts_of
from grader.cli.main import reader_gone
from grader.config.find import OPTION, find_config_for
from grader.errors import GraderError, UsageError, did_you_mean
from grader.grading.grader import Grader
from grader.text import several_lines

if TYPE_CHECKING:
    from grader.config.keys import Config
    from grader.parts.parts import Part, Parts
    from grader.records.result import Grade

_WATCH_SECONDS = 0.2
_USUAL_COLUMNS = 80
_LAST_SAVE, _LAST_LOADED = "since the last save", "since the file could last be loaded"


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
    config = find_config_for(file or Path(), config_path, own=True, option=OPTION)
    if sys.platform != "linux":
        click.echo("note: on this system your file runs with limits, but not in a sandbox", err=True)
    if (parts := parts_of(config)) is not None:
        _check_parts(parts, what, watch=watch, github=github)
    with Grader(config, at_home=True) as grader:
        file, names = _chosen(what, [gradient.name for gradient in grader.config.gradients])
        check = Check(grader, file, names)
        if watch:
            _watch([check])
        grade = check.once()
        if github and grade.status == "graded":
            _write_for_github(grade, grader.config)
    exit_with(grade)


def _check_parts(parts: "Parts", what: tuple[str, ...], *, watch: bool, github: bool) -> NoReturn:
    """Check the files of all parts, or those of the file or the gradients that were named."""
    from grader.cli.several import exit_code, for_each
    from grader.parts.athome import parts_of_file
    from grader.parts.graded import names_of
    from grader.parts.merged import how_many_right, merged, submission_name, titled

    known = names_of(parts.parts)
    file, names = _chosen(what, list(known))
    chosen = list(parts) if file is None else parts_of_file(parts, file)
    chosen = [part for part in chosen if not names or any(part in known[name] for name in names)]
    with ExitStack() as opened:
        checks: dict[str, Check] = {}
        for part in chosen:
            grader = opened.enter_context(Grader(part.path, at_home=True, beside=part.beside))
            own = Path() if grader.own_file(Path())[0].is_file() else part.folder
            checks[part.name] = Check(grader, file, names, part, own)
        if watch:
            _watch([*checks.values()])
        grades: dict[str, Grade] = {}

        def check(part: "Part") -> None:
            grades[part.name] = checks[part.name].once()

        code = for_each(chosen, check)
    if len(grades) > 1 and not names:
        click.secho(f"\n{how_many_right(parts, grades)}", bold=True)
    if github and grades and not code:
        _write_for_github(merged(parts, grades, submission_name(file or Path())), titled(parts))
    sys.exit(max(code, exit_code(grades.values())))


def _write_for_github(grade: "Grade", config: "Config") -> None:
    from grader.output.actions import write_for_github

    try:
        write_for_github(grade, config, os.environ, Path())
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

    def __init__(
        self,
        grader: Grader,
        file: Path | None,
        names: list[str],
        part: "Part | None" = None,
        folder: Path | None = None,
    ) -> None:
        """Prepare them.

        Args:
            file: None for the file to submit in `folder`, by default the current one.
            part: of a homework of several.
        """
        self.part = part
        self._grader, self._file, self._names, self._folder = grader, file, names, folder or Path()
        self._before: Grade | None = None  # the last one with a file that could be loaded
        self._since = _LAST_SAVE
        self._saved: tuple[int, int] | None = None

    def once(self) -> "Grade":
        printed = False
        with ExitStack() as explaining:

            def seen(grade: "Grade") -> None:
                nonlocal printed
                self._print_verdicts(self._named(grade))
                printed = True
                sys.stdout.flush()
                if sys.stdout.isatty():  # the first time takes a moment
                    from grader.output.terminal import make_console

                    explaining.enter_context(make_console().status("explaining ..."))

            grade = self._named(self._grader.check(self._file, seen=seen, folder=self._folder))
        if not printed:
            self._print_verdicts(grade)
        from grader.output.wording import groups  # loaded by then, while the file ran

        if groups(grade) or grade.printed or any(one.printed or one.not_run for one in grade.gradients):
            self._print_rest(grade)
        if grade.message:  # nothing of it was checked
            self._since = _LAST_LOADED
        else:
            self._before, self._since = grade, _LAST_SAVE
        return grade

    def _print_rest(self, grade: "Grade") -> None:
        from grader.output.mistakes import print_explanations, print_own_output
        from grader.output.ownlines import quoting
        from grader.output.terminal import make_console

        console = make_console()
        quote = (lambda _: []) if grade.passed else quoting(self._grader.read(self.watched).source)
        print_explanations(console, grade, self._grader.config, staff=False, quote=quote)
        print_own_output(console, grade)

    def changed(self) -> bool:
        """Whether the file was saved since this was asked last."""
        before, self._saved = self._saved, _saved(self.watched)
        return self._saved != before

    @property
    def watched(self) -> Path:
        return self._file or self._grader.own_file(self._folder)[0]

    def _named(self, grade: "Grade") -> "Grade":
        """The grade with those gradients only that were asked for."""
        if not self._names:
            return grade
        import msgspec

        shown = [one for one in grade.gradients if one.name in self._names]
        return msgspec.structs.replace(grade, gradients=shown)

    def _print_verdicts(self, grade: "Grade") -> None:
        from grader.output.verdicts import verdict_lines

        if self._before is not None:
            from grader.output.lastchange import progress

            if line := progress(self._before, grade):
                echo_lines([[(row, "bold")] for row in textwrap.wrap(f"{self._since}: {line}", _columns())])
        echo_lines(verdict_lines(grade, self._grader.config, staff=False, width=_columns()))


def _columns() -> int:
    """The width of the terminal."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _USUAL_COLUMNS
    except (OSError, ValueError, AttributeError):  # not a terminal
        return _USUAL_COLUMNS


def _watch(checks: "Sequence[Check]") -> NoReturn:
    """Check now and after each save.  The sandbox keeps running, so that each check is quick."""
    from grader.cli.several import heading

    held: list[Check] = []  # whose files could not be read because another program had them open
    try:
        while not reader_gone():
            changed = [check for check in checks if check.changed() or (check in held and _readable(check.watched))]
            if changed:
                held = [check for check in held if check not in changed]
                click.clear()
                for i, check in enumerate(changed):
                    if check.part is not None:
                        heading(check.part, first=i == 0)
                    try:
                        check.once()
                    except GraderError as error:  # an editor may be saving it right now
                        click.echo(several_lines(str(error)), err=True)
                        held += [check] * isinstance(error.__cause__, PermissionError)
                watched = ", ".join(str(check.watched) for check in checks)
                click.echo(f"watching {watched}; press Ctrl-C to stop")
            time.sleep(_WATCH_SECONDS)
    except KeyboardInterrupt:
        pass
    sys.exit(0)


def _readable(file: Path) -> bool:
    try:
        file.open("rb").close()
    except OSError:
        return False
    return True


def _saved(file: Path) -> tuple[int, int]:
    """When the file was last saved, and its size."""
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
