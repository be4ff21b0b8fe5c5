"""Check a homework of several parts from Python: the parts that a notebook or a file is for, or all."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from grader.errors import GraderError, UnreadableError, UsageError
from grader.grading.grader import Grader
from grader.notebooks import NOTEBOOK_NAME, defined_in, session, with_numbering
from grader.output.shown import ShownGrade
from grader.parts.defined import parts_defined, written_names
from grader.parts.merged import merged, submission_name, titled
from grader.parts.parts import Part, Parts

if TYPE_CHECKING:
    from grader.records.result import Grade

# How a file defines something; in a notebook a line may begin after an escaped newline.
_DEFINITION = re.compile(rb"(?:^|\\n|[\"'\s;])(?:def|class)\s+(\w+)", re.MULTILINE)


def check_parts(parts: Parts, path: Path | None, shell: Any) -> ShownGrade:
    """The grade of the part that is meant, or of several as one.

    Args:
        path: of a file, a folder or an archive; None for the functions in `shell` or else for the files of all parts.
        shell: a running IPython, or None.

    Raises:
        UsageError: there is nothing to check, or it could be for several parts.
        UnreadableError: what there is cannot be read.
        ConfigError: a part cannot be used.
    """
    if path is None and shell is not None:
        names = [name for part in parts for name in written_names(part.config)]
        if chosen := parts_defined(parts, defined_in(shell, names), NOTEBOOK_NAME):
            return shown(parts, {part.name: _of_shell(part, shell) for part in chosen}, NOTEBOOK_NAME, staff=False)
    chosen = list(parts) if path is None else parts_of_file(parts, path)
    grades: dict[str, Grade] = {}
    missing: dict[str, GraderError] = {}
    for part in chosen:
        try:
            grades[part.name] = _of_file(part, path)
        except (UsageError, UnreadableError) as error:
            missing[part.name] = error
    if not grades:
        kind = UnreadableError if any(isinstance(one, UnreadableError) for one in missing.values()) else UsageError
        raise kind("\n".join(dict.fromkeys(map(str, missing.values()))))
    notes = [f"{name}: {why}" for name, why in missing.items()]
    return shown(parts, grades, submission_name(path or Path.cwd()), staff=False, notes=notes)


def parts_of_file(parts: Parts, path: Path) -> list[Part]:
    """The parts that a file is for: by its name or else by the functions in it; all of them for a folder or an archive."""
    try:
        return parts.of_file(path)
    except UsageError:
        limit = max(part.config.sandbox.source_kb for part in parts) * 1024
        try:
            with path.open("rb") as file:
                source = file.read(limit)
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
        names = {name.decode("utf-8", "replace") for name in _DEFINITION.findall(source)}
        if chosen := parts_defined(parts, names, str(path)):
            return chosen
        raise


def shown(
    parts: Parts, grades: "dict[str, Grade]", submission: str, *, staff: bool, notes: list[str] | None = None
) -> ShownGrade:
    """The grade of one part as it is, those of several as one."""
    if len(grades) == 1 and not notes:
        [(name, grade)] = grades.items()
        return ShownGrade.of(grade, next(part.config for part in parts if part.name == name), staff=staff)
    whole = merged(parts, grades, submission)
    return ShownGrade.of(
        msgspec.structs.replace(whole, notes=[*whole.notes, *(notes or [])]), titled(parts), staff=staff
    )


def _of_shell(part: Part, shell: Any) -> "Grade":
    with Grader(part.path, at_home=True, beside=part.beside) as grader:
        submission = session(shell, written_names(part.config), grader.source_limit)
        assert submission is not None, "the part was chosen by what the notebook defines"
        return with_numbering(grader.check_submission(submission))


def _of_file(part: Part, path: Path | None) -> "Grade":
    """The grade of a part's file: `path` or else the one in the current folder or in that of the part."""
    with Grader(part.path, at_home=True, beside=part.beside) as grader:
        if path is not None:
            return grader.check(path)
        here = grader.own_file(Path())[0].is_file()
        return grader.check(folder=Path() if here else part.folder)
