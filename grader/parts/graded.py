"""Grade what was submitted for all parts: a file for one of them, or a folder or archive with the files of all."""

from collections.abc import Sequence
from pathlib import Path

from grader.errors import UnreadableError, UsageError
from grader.grading.grader import Grader
from grader.inputs.submission import Submission
from grader.parts.parts import Part, Parts
from grader.records.result import Grade


def grade_each(parts: Parts, path: Path, *, submitted: bool = False) -> list[tuple[Part, Grade]]:
    """The grade of each part, those for which there is no file included; of a single file that of its part alone.

    Args:
        submitted: grade what holds no file for any part, too.

    Raises:
        UsageError: there is nothing to grade.
        UnreadableError: what there is cannot be read.
        ConfigError: a part cannot be used.
    """
    graded: list[tuple[Part, Grade]] = []
    missing: list[Submission] = []
    for part in parts.of_file(path):
        with Grader(part.path, beside=part.beside) as grader:
            grader.assignment  # noqa: B018, what is wrong with it is reported before what is wrong with a file
            submission = grader.read(path, submitted=True)
            if submission.missing:
                missing.append(submission)
            graded.append((part, grader.grade_submission(submission, part.config.sandbox.require)))
    if len(missing) == len(graded) and not submitted:
        kind = UnreadableError if any(one.unreadable for one in missing) else UsageError
        raise kind(f"{path}: {' '.join(dict.fromkeys(one.missing for one in missing))}")
    return graded


def names_of(parts: Sequence[Part]) -> dict[str, list[Part]]:
    """The parts that ask for each gradient, by its name."""
    found: dict[str, list[Part]] = {}
    for part in parts:
        for gradient in part.config.gradients:
            found.setdefault(gradient.name, []).append(part)
    return found
