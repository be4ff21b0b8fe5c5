"""What staff find on Gradescope's standard output: the whole grade, every level of hints, the attempts, the sandbox."""

import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from grader.config.keys import Config
from grader.output.terminal import print_grade
from grader.records.result import Grade

_WIDTH = 80  # as narrow as a terminal gets: wider lines would be broken once more where they are read


def print_for_staff(
    grade: Grade, config: Config, wrong: Mapping[str, Sequence[str]], shown: Mapping[str, Sequence[str]]
) -> None:
    """Print the report of `grader grade`, and how far each gradient's hints have come."""
    console = Console(file=sys.stdout, width=_WIDTH, color_system=None, highlight=False, markup=False)
    print_grade(console, grade, config, staff=True)
    for result in grade.gradients:
        count = len(wrong.get(result.name, []))
        if result.hints or count:
            said = f"{result.name}: {count} different wrong {'answer' if count == 1 else 'answers'} so far"
            said += f", the student sees {len(shown[result.name])} of {len(result.hints)} hints" if result.hints else ""
            console.print(Text(said))
    sys.stdout.flush()
