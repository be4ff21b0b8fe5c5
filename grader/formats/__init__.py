"""A grade as other platforms read it: one small module per format, each with `render(grade, config) -> str`.

`NAMES` are the formats; a module is imported when its format is asked for.
"""

import importlib

from grader.config import Config
from grader.errors import GraderError
from grader.forstudents import for_students
from grader.result import Grade

NAMES = ("autolab", "codegrade", "github", "junit", "prairielearn", "submitty")


def render(name: str, grade: Grade, config: Config) -> str:
    """The grade in the format `name`.

    Raises:
        GraderError: it was not graded, and this format cannot say so other than by a zero.
    """
    module = importlib.import_module(f"grader.formats.{name}")
    if grade.status == "not_graded" and not module.TELLS_NOT_GRADED:
        raise GraderError(
            f"{grade.message} ({name} knows no such outcome: nothing was written, so that nothing counts as zero)"
        )
    text: str = module.render(for_students(grade), config)
    return text
