"""Grading in one call, and reading what a batch graded.  Parts of the public API; see docs/api.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.config.find import HANDOUT, NoConfigError, find_config, find_config_for, has_parts
from grader.errors import ConfigError
from grader.grading.grader import Grader, path_of
from grader.inputs.packed import beside, config_of
from grader.notebooks import running_shell, session, with_numbering
from grader.output.ownlines import quoted_lines
from grader.output.shown import ShownGrade
from grader.records.result import Grade

if TYPE_CHECKING:
    from grader.derivation import Formula
    from grader.parts.parts import Parts


@dataclass(frozen=True)
class Student:
    """One student of a results folder.

    Attributes:
        key: identifies the student within the folder.
        score: in marks; None where nothing is graded.
        final: the mark after adjustments and lateness; None where there is none, or it has to be confirmed first.
        grade: the current grade; None where there is none.
    """

    key: str
    name: str
    score: float | None
    grade: Grade | None
    final: float | None = None


def grade(file: str | Path, config: str | Path | None = None) -> ShownGrade:
    """Grade one submission as `grader grade` does: a file, or a folder or archive that holds it.

    To grade several, keep a `Grader` open: it starts the sandbox once.

    Args:
        config: the path of config.yaml; None for the nearest, from the current folder upwards.

    Raises:
        UsageError: there is no such file, or several that could be meant.
        ConfigError: the assignment cannot be used.
    """
    path = path_of(file)
    used = find_config_for(path, None if config is None else config_of(Path(config)))
    if has_parts(used) and (parts := _parts(used)) is not None:
        from grader.parts.athome import shown
        from grader.parts.graded import grade_each
        from grader.parts.merged import submission_name

        grades = grade_each(parts, path)
        return shown(parts, {part.name: found for part, found in grades}, submission_name(path), staff=True)
    with Grader(used) as opened:
        return ShownGrade.of(opened.grade(path), opened.config, staff=True)


def check(file: str | Path | None = None, config: str | Path | None = None) -> ShownGrade:
    """Check your own file as `grader check` does: without the solution.

    In a notebook, without `file`: its functions as they are now defined, saved or not.

    Args:
        file: None for the functions of this notebook or else the file to submit in the current folder; or the name of a
            gradient, to see only that one.
        config: the path of config.yaml, or of the folder or zip that holds it; None for the nearest, from the current folder
            upwards or, in a notebook, the only assignment in the current folder.

    Raises:
        UsageError: there is no such file, or several that could be meant.
        ConfigError: the assignment cannot be used.
    """
    if isinstance(file, str) and file.isidentifier() and not Path(file).exists():
        return check(config=config).only([file], what="file or gradient")
    path = path_of(file) if file is not None else None
    shell = running_shell() if path is None else None
    used = _config_for(path, config, in_notebook=shell is not None)
    if has_parts(used) and (parts := _parts(used)) is not None:
        from grader.parts.athome import check_parts

        return check_parts(parts, path, shell)
    with Grader(used, at_home=True) as opened:
        names = [function.owner for function in opened.config.asked]
        live = None if shell is None else session(shell, names, opened.source_limit)
        submission = live or opened.read_own(path)
        found = opened.check_submission(submission)
        quoted = quoted_lines(found, submission.source)
        return ShownGrade.of(with_numbering(found) if live else found, opened.config, staff=False, quoted=quoted)


def _parts(config: Path) -> "Parts | None":
    from grader.parts.parts import parts_at

    return parts_at(config)


def _config_for(path: Path | None, config: str | Path | None, *, in_notebook: bool) -> Path:
    if config is not None:
        return config_of(Path(config))
    try:
        return find_config_for(path or Path(), None, own=True)
    except NoConfigError:
        found = beside(Path.cwd()) if in_notebook else None
        if found is None:
            raise
        return found


def derive(model: str | Path) -> "dict[str, Formula]":
    """The gradients of a model as formulas, derived from its code and checked against the numerical derivative.

    Where the nearest config.yaml names this model, they are the gradients that it asks for, by their names there.  Elsewhere
    they are those of all quantities, and the shapes of inputs come from the docstrings of the model.

    Args:
        model: the path of an instructor's file with one function per quantity, the loss last; it is run.

    Raises:
        ConfigError: the file cannot be differentiated; the message has file, line and what to do.
    """
    from grader.derivation import Unreadable
    from grader.derivation import derive as from_docstrings
    from grader.problem.derived import derived_formulas
    from grader.problem.model import load_module, read_source

    path = Path(model)
    try:
        opened = Grader(find_config(path.resolve().parent), at_home=True)
        if (opened.folder / opened.config.model).resolve() == path.resolve():
            if opened.config.handout:
                raise ConfigError(f"{opened.config_path} {HANDOUT}")
            assignment = opened.assignment
            return derived_formulas(assignment.config, assignment.graph, assignment.points)
    except NoConfigError:
        pass
    load_module(read_source(path), path, "model")  # whose errors have file and line
    try:
        return from_docstrings(path)
    except Unreadable as error:
        raise ConfigError(str(error)) from error
    except Exception as error:
        raise ConfigError(
            f"{path}: expected one function for each quantity, the loss last, with shapes in the docstrings; it cannot be"
            f" differentiated: {type(error).__name__}: {error}"
        ) from error


def results(folder: str | Path) -> Iterator[Student]:
    """Every student in the results folder of `grader batch`, by key.

    Raises:
        GraderError: there are no results, or they cannot be read.
    """
    from grader.classroom.marks.final import FinalMarks
    from grader.classroom.store.query import Results

    with Results(Path(folder)) as stored:
        marks = FinalMarks(stored)
        for row in stored.students():
            yield Student(row.student, row.name, row.score, row.grade, marks.of(row).value)
