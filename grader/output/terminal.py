"""A grade as people read it in a terminal.  All text from students goes through `Text`, which reads no markup.

What explains mistakes is in `mistakes.py`, which is not even imported where there are none.
"""

import re
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from grader.config.keys import Config
from grader.output.ownlines import first_lines, printed_lines
from grader.output.verdicts import verdict_lines
from grader.output.wording import groups
from grader.records.result import Grade, Signal

_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def make_console() -> Console:
    """Standard output; what is printed has no markup, and names of emoji in it are left as they are."""
    return Console(highlight=False, emoji=False)


def print_grade(console: Console, grade: Grade, config: Config, *, staff: bool) -> None:
    """Print a table of the gradients, then a block for each that is not right.

    Args:
        staff: show marks, the sandbox, and what each function printed; a student at home sees the first lines of what they
            printed, at the end.
    """
    print_verdicts(console, grade, config, staff=staff)
    if groups(grade):
        from grader.output.mistakes import print_explanations

        print_explanations(console, grade, config, staff=staff)
    if staff:
        _print_staff(console, grade)
    elif printed_lines(grade):
        from grader.output.mistakes import print_own_output

        print_own_output(console, grade)


def print_verdicts(console: Console, grade: Grade, config: Config, *, staff: bool) -> None:
    """The first half: what was found."""
    for line in verdict_lines(grade, config, staff=staff, width=console.width):
        console.print(Text.assemble(*line))


def _print_staff(console: Console, grade: Grade) -> None:
    if grade.printed:
        console.print(Text(f"printed while loading: {first_lines(grade.printed)}", "dim"))
    for (kind, _), signals in _alike(grade.integrity).items():
        about = [signal.gradient for signal in signals if signal.gradient]
        first = ": ".join(filter(None, [*about[:1], signals[0].message]))
        others = f"; similarly in {', '.join(about[1:])}" if about[1:] else ""
        console.print(Text(f"needs review ({kind}): {first}{others}", "yellow"))
    if grade.sandbox:
        console.print(Text(f"sandbox: {grade.sandbox}", "dim"))


def _alike(signals: Sequence[Signal]) -> dict[tuple[str, str], list[Signal]]:
    """The signals by their kind and what they say, apart from its numbers."""
    found: dict[tuple[str, str], list[Signal]] = {}
    for signal in signals:
        found.setdefault((signal.kind, _NUMBER.sub("0", signal.message)), []).append(signal)
    return found
