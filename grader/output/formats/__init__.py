"""A grade as other platforms read it: one small module per format, each with `render(grade, config) -> str`.

`NAMES` are the formats; a module is imported when its format is asked for.
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
        GraderError: it was not graded, and this format cannot say so other than by a zero.
    """
    module = importlib.import_module(f"grader.output.formats.{name}")
    if grade.status == "not_graded" and not module.TELLS_NOT_GRADED:
        raise GraderError(
            f"{grade.message} ({name} knows no such outcome: nothing was written, so that nothing counts as zero)"
        )
    text: str = module.render(for_students(grade), config)
    return text
