"""`Homework`, for the students' test_gradients.py: checks the file beside it once, and makes each check a test.

Needs no solution.  A failing test reports what was checked, what was seen and the first hints, without a traceback.
"""

import re
import shutil
import textwrap
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import msgspec
import numpy as np
import pytest

from grader.checks.check import show
from grader.config.find import find_config
from grader.config.keys import CHECKS, Config
from grader.config.quantities import Index
from grader.errors import GraderError
from grader.grading.forstudents import shortened
from grader.grading.grader import Grader
from grader.output.causes import lead
from grader.output.markdown import unmarked
from grader.output.ownlines import printed_lines
from grader.output.pictures import as_text, pictures
from grader.output.wording import cause, explained, fix_first, happened, of_the_file, verdict, why
from grader.problem.points import Point
from grader.records.result import UNWRITTEN, CheckResult, Grade, GradientResult

_MEANING = {
    "shape": "A gradient has the shape of what you differentiate with respect to.",
    "finite_difference": "{loss} changes differently from what your gradient predicts if entries of {of} are nudged.",
    "reference": "",
}
_WIDTH = 100  # characters of a line, at most; fewer in a narrow terminal
_MAX_SHOWN = 30  # entries; of larger quantities only the shape is printed


class Homework:
    """One student's folder: the file to submit in it, and a config.yaml there or above."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._grader = Grader(find_config(folder), at_home=True)
        self.config = self._grader.config
        self._printed = False
        self._own_output: dict[str, list[str]] = {}

    @property
    def cases(self) -> list[tuple[str, str]]:
        """Every gradient with every check, in order."""
        return [(gradient.name, check) for gradient in self.config.gradients for check in CHECKS]

    @property
    def points(self) -> list[SimpleNamespace]:
        """The sample points of the checks, to experiment: `s = homework.points[0]`, then `s.h.shape`."""
        loss = self.config.loss
        return [
            SimpleNamespace(**{name: value for name, value in point.values.items() if name != loss})
            for point in self._grader.assignment.points
        ]

    @cached_property
    def grade(self) -> Grade:
        """All checks of the file, run once."""
        with self._grader as grader:
            file, note = grader.own_file(self.folder)
            grade = grader.grade_submission(msgspec.structs.replace(grader.read(file), note=note), "any")
            self._own_output = dict(printed_lines(grade))
            return shortened(grade, self.config.hints, self.config.hints.check_level)

    @cached_property
    def problem(self) -> str:
        """Why nothing in the file can be checked, or ""."""
        try:
            return of_the_file(self.grade)
        except GraderError as error:
            return str(error)

    def expect_loaded(self) -> None:
        """Fail if the file cannot be run at all."""
        if self.problem:
            pytest.fail(_wrapped(self.problem, indent=0), pytrace=False)

    def not_yet(self, gradient: str, check: str) -> str:
        """Why this check of this gradient is skipped, or ""."""
        if self.problem:
            return "see test_the_file_can_be_loaded"
        result, checked = self._find(gradient, check)
        if result.status == "missing":
            reason = result.message.removeprefix(UNWRITTEN).removeprefix(": ")
            return "; ".join([reason or f"{gradient} is not written yet", *self.grade.notes])
        if checked.outcome == "undecided":
            return f"{gradient}: {checked.message}"
        if result.follow_through is not None and checked.outcome != "passed":
            return f"{gradient}: {verdict(result)}"
        never_ran = check == CHECKS[0] and result.status != "failed"  # reported as a failure, by `expect`
        return "runs once the previous check passes" if checked.outcome == "skipped" and not never_ran else ""

    def expect(self, gradient: str, check: str) -> None:
        """Fail if this check of this gradient failed, or if the function returned nothing to check."""
        result, checked = self._find(gradient, check)
        if checked.outcome == "failed":
            self._fail_check(result, checked)
        if checked.outcome == "skipped":
            self._fail_run(result)

    def _find(self, gradient: str, check: str) -> tuple[GradientResult, CheckResult]:
        result = next(result for result in self.grade.gradients if result.name == gradient)
        return result, next(one for one in result.checks if one.name == check)

    def _fail_check(self, result: GradientResult, check: CheckResult) -> NoReturn:
        seen = f"{check.name.replace('_', ' ')}: {check.message}"
        if result.inherits:
            self._fail_with(result, [seen, fix_first([result])])
        at = re.search(r"\bsample point (\d+)", check.message)
        self._print_point(int(at.group(1)) if at else 1)
        meaning = _MEANING[check.name].format(of=self._of(result), loss=self.config.differentiated)
        self._fail_with(result, [self._lead(result), seen, meaning, *self._help(result)])

    def _fail_run(self, result: GradientResult) -> NoReturn:
        if result.inherits:
            self._fail_with(result, [fix_first([result])])
        lines = [happened(result) or result.status]
        if first := self._reported_in(result):
            self._fail_with(result, [*lines, f"the same exception as in {first}: fix that one first"])
        self._fail_with(result, [self._lead(result), *lines, *explained(result), *self._help(result)])

    def _lead(self, result: GradientResult) -> str:
        """What to fix first and what follows from it: once, in the first gradient that is wrong by itself."""
        first = next(one for one in self.grade.gradients if one.is_root_cause and one.status != "missing")
        return lead(self.grade) if first is result else ""

    def _reported_in(self, result: GradientResult) -> str:
        """An earlier gradient that raised the same exception in the same line, or ""."""
        first = next(one.name for one in self.grade.gradients if cause(one) == cause(result))
        return "" if first == result.name else first

    def _help(self, result: GradientResult) -> list[str]:
        """What the numbers are and where they go wrong, the hints that students see at home, and notes, which cost nothing."""
        hints = [f"hint: {unmarked(hint)}" for hint in result.hints]
        return [*why(result), *hints, *(f"note: {note}" for note in result.notes)]

    def _print_point(self, number: int) -> None:
        """Print the numbers of the first sample point that shows a mistake, and how to get any other."""
        point = self._grader.assignment.points[number - 1]
        print(f"sample point {number}: {', '.join(f'{name} = {size}' for name, size in point.sizes.items())}")
        print(f"  in `python -i test_gradients.py` it is homework.points[{number - 1}]")
        if not self._printed:
            print(describe_point(self.config, point))
        self._printed = True

    def _of(self, result: GradientResult) -> str:
        return next(one.of for one in self.config.gradients if one.name == result.name)

    def _fail_with(self, result: GradientResult, lines: list[str]) -> NoReturn:
        if lines_printed := self._own_output.pop(result.name, []):
            print("your code printed:", *(f"  | {line}" for line in lines_printed), sep="\n")
        of = self._of(result)
        drawn = [f"    {line}" for picture in pictures(result) for line in as_text(picture)]
        head = f"{result.name}: gradient of {self.config.differentiated} with respect to {of},"
        head += f" shape {show(self.config.shape_of(of))}"
        pytest.fail("\n".join([head, *(_wrapped(line) for line in lines if line), *drawn]), pytrace=False)


def describe_point(config: Config, point: Point) -> str:
    """The quantities of a sample point, to three digits."""
    lines = []
    for name, quantity in config.quantities.items():
        value = point.values[name]
        if isinstance(quantity, Index):
            lines.append(f"  {config.written(name)} = {value}")
            continue
        lines.append(f"  {config.written(name)} {show(quantity.shape)}")
        if np.size(value) <= _MAX_SHOWN:
            shown = np.array2string(np.asarray(value), precision=3, suppress_small=True, prefix=" " * 6)
            lines.append(f"      {shown}")
    return "\n".join(lines)


def _wrapped(line: str, indent: int = 4) -> str:
    width = min(_WIDTH, shutil.get_terminal_size().columns)
    return textwrap.fill(line, width, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))
