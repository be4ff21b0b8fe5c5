"""A grade for other platforms.  A format is one module here; it is imported only when used.

Each has `render(grade, config) -> str`, and `REPORTS_NOT_GRADED`: whether its platform distinguishes "not graded" from a zero.
`make golden` writes its example, tests/golden/formats/NAME.txt.
"""

import importlib
import pkgutil

from grader.config.keys import Config
from grader.errors import GraderError
from grader.grading.forstudents import for_students
from grader.records.result import Grade

NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def render(name: str, grade: Grade, config: Config) -> str:
    """The grade in the format `name`.

    Raises:
        GraderError: it was not graded, and in this format that would be a zero.
    """
    return written(name, for_students(grade, config.hints, config.feedback.level), config)


def written(name: str, seen: Grade, config: Config) -> str:
    """The same of a grade as its student sees it."""
    module = importlib.import_module(f"grader.output.formats.{name}")
    if seen.status == "not_graded" and not module.REPORTS_NOT_GRADED:
        raise GraderError(
            f"{seen.message} ({name} has no such outcome: nothing was written, so that nothing counts as zero)"
        )
    text: str = module.render(seen, config)
    return text
