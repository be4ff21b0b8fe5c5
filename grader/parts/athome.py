"""Check a homework of several parts from Python: the parts that a notebook or a file is for, or all."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from grader.errors import GraderError, UnreadableError, UsageError, reason_of
from grader.grading.grader import Grader
from grader.notebooks import NOTEBOOK_NAME, defined_in, session, with_numbering
from grader.output.ownlines import NOTHING, quoted_lines
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
            return _checked(parts, {part.name: _of_shell(part, shell) for part in chosen}, NOTEBOOK_NAME)
    chosen = list(parts) if path is None else parts_of_file(parts, path)
    found: dict[str, tuple[Grade, bytes]] = {}
    missing: dict[str, GraderError] = {}
    for part in chosen:
        try:
            found[part.name] = _of_file(part, path)
        except (UsageError, UnreadableError) as error:
            missing[part.name] = error
    if not found:
        kind = UnreadableError if any(isinstance(one, UnreadableError) for one in missing.values()) else UsageError
        raise kind("\n".join(dict.fromkeys(map(str, missing.values()))))
    notes = [f"{name}: {why}" for name, why in missing.items()]
    return _checked(parts, found, submission_name(path or Path.cwd()), notes)


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
            raise UsageError(f"{path}: cannot be read: {reason_of(error)}") from error
        names = {name.decode("utf-8", "replace") for name in _DEFINITION.findall(source)}
        if chosen := parts_defined(parts, names, str(path)):
            return chosen
        raise


def shown(
    parts: Parts,
    grades: "Mapping[str, Grade]",
    submission: str,
    *,
    staff: bool,
    sources: Mapping[str, bytes] | None = None,
    notes: Sequence[str] = (),
) -> ShownGrade:
    """The grade of one part as it is, those of several as one.

    Args:
        sources: by part, the files of which lines may be quoted.
    """
    quoted = {name: quoted_lines(grades[name], source) for name, source in (sources or {}).items()}
    if len(grades) == 1 and not notes:
        [(name, grade)] = grades.items()
        config = next(part.config for part in parts if part.name == name)
        return ShownGrade.of(grade, config, staff=staff, quoted=quoted.get(name, NOTHING))
    whole = merged(parts, grades, submission)
    whole = msgspec.structs.replace(whole, notes=[*whole.notes, *notes])
    lines = {f"{part}.{name}": found for part, by_name in quoted.items() for name, found in by_name.items()}
    return ShownGrade.of(whole, titled(parts), staff=staff, quoted=lines)


def _checked(
    parts: Parts, found: "Mapping[str, tuple[Grade, bytes]]", submission: str, notes: Sequence[str] = ()
) -> ShownGrade:
    grades = {name: grade for name, (grade, _) in found.items()}
    sources = {name: source for name, (_, source) in found.items()}
    return shown(parts, grades, submission, staff=False, sources=sources, notes=notes)


def _of_shell(part: Part, shell: Any) -> "tuple[Grade, bytes]":
    """The grade of a part's functions in a notebook, and the cells that were run."""
    with Grader(part.path, at_home=True, beside=part.beside) as grader:
        submission = session(shell, written_names(part.config), grader.source_limit)
        assert submission is not None, "the part was chosen by what the notebook defines"
        return with_numbering(grader.check_submission(submission)), submission.source


def _of_file(part: Part, path: Path | None) -> "tuple[Grade, bytes]":
    """The grade of a part's file, `path` or else the one in the current folder or in that of the part; and what is in it."""
    with Grader(part.path, at_home=True, beside=part.beside) as grader:
        here = path is not None or grader.own_file(Path())[0].is_file()
        submission = grader.read_own(path, Path() if here else part.folder)
        return grader.check_submission(submission), submission.source
