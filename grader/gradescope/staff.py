"""What staff find on Gradescope's standard output: the whole grade, every level of hints, the attempts, the sandbox."""

import sys
from collections.abc import Mapping, Sequence

from rich.console import Console

from grader.config import Config
from grader.render import print_grade
from grader.result import Grade


def print_for_staff(
    grade: Grade, config: Config, wrong: Mapping[str, Sequence[str]], shown: Mapping[str, Sequence[str]]
) -> None:
    """Print the report of `grader grade`, and how far each gradient's hints have come."""
    console = Console(file=sys.stdout, width=110, color_system=None, highlight=False, markup=False)
    print_grade(console, grade, config, staff=True)
    for result in grade.gradients:
        if result.hints or wrong.get(result.name):
            count = len(wrong.get(result.name, []))
            console.print(
                f"{result.name}: {count} different wrong answers so far;"
                f" the student sees {len(shown[result.name])} of {len(result.hints)} hints"
            )
    sys.stdout.flush()
