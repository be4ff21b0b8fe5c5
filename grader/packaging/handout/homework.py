"""What the students' test_gradients.py needs: the gradients of the file beside it checked once, and one check as one test.

Knows no solution.  A failing test says what was checked, what was seen and a first hint, and no traceback of ours.
"""

import re
import shutil
import textwrap
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import numpy as np
import pytest

from grader.checks.check import show
from grader.config.find import find_config
from grader.config.keys import CHECKS, Config, Index
from grader.errors import GraderError
from grader.grading.forstudents import shortened
from grader.grading.grader import Grader
from grader.output.markdown import unmarked
from grader.output.wording import cause, explained, fix_first, happened, of_the_file
from grader.problem.assignment import Assignment
from grader.problem.points import Point
from grader.records.result import CheckResult, Grade, GradientResult

_MEANING = {
    "shape": "A gradient has the shape of what it is taken with respect to.",
    "finite_difference": (
        "Each entry of {of} was nudged a little, up and down: {loss} did something else than your gradient says."
    ),
    "reference": "",
}
_WIDTH = 100  # at most; no line is longer than the terminal is wide
_MAX_SHOWN = 30  # entries; larger quantities are printed as their shape


class Homework:
    """One student's folder: its config.yaml (here or above), and the file to submit in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._grader = Grader(find_config(folder), at_home=True)
        self.config = self._grader.config
        self._printed = False

    @property
    def cases(self) -> list[tuple[str, str]]:
        """Every gradient with every check, in order."""
        return [(gradient.name, check) for gradient in self.config.gradients for check in CHECKS]

    @property
    def assignment(self) -> Assignment:
        return self._grader.assignment

    @property
    def points(self) -> list[SimpleNamespace]:
        """The steps of the checks, for trying things out: `s = homework.steps[0]`, then `s.h.shape` or `dJ_db2(s)`."""
        loss = self.config.loss
        return [
            SimpleNamespace(**{name: value for name, value in point.values.items() if name != loss})
            for point in self.assignment.points
        ]

    @cached_property
    def grade(self) -> Grade:
        """All checks of the file, run once."""
        with self._grader as grader:
            file, note = grader.own_file(self.folder)
            return shortened(grader.grade_submission(replace(grader.read(file), note=note), "any"))

    @cached_property
    def problem(self) -> str:
        """Why nothing of the file can be checked, "" where it can."""
        try:
            return of_the_file(self.grade)
        except GraderError as error:
            return str(error)

    def expect_loaded(self) -> None:
        """Fail where the file cannot be run at all."""
        if self.problem:
            _fail(_wrapped(self.problem, indent=0))

    def not_yet(self, gradient: str, check: str) -> str:
        """Why this check of this gradient cannot be made, or "" where it can."""
        if self.problem:
            return "see test_the_file_can_be_loaded"
        result, checked = self._find(gradient, check)
        if result.status == "missing":
            why = (
                result.message.removeprefix("NotImplementedError").removeprefix(": ")
                or f"{gradient} is not written yet"
            )
            return "; ".join([why, *self.grade.notes])
        if checked.outcome == "undecided":
            return f"{gradient}: {checked.message}"
        did_not_run = check == CHECKS[0] and result.status != "failed"
        return (
            "its turn comes when the check before it passes" if checked.outcome == "skipped" and not did_not_run else ""
        )

    def expect(self, gradient: str, check: str) -> None:
        """Fail where this check of this gradient failed, or the function gave nothing that could be checked."""
        result, checked = self._find(gradient, check)
        if checked.outcome == "failed":
            self._fail_check(result, checked)
        if checked.outcome == "skipped":
            self._fail_run(result)

    def _find(self, gradient: str, check: str) -> tuple[GradientResult, CheckResult]:
        result = next(result for result in self.grade.gradients if result.name == gradient)
        return result, next(one for one in result.checks if one.name == check)

    def _fail_check(self, result: GradientResult, check: CheckResult) -> NoReturn:
        gradient = next(one for one in self.config.gradients if one.name == result.name)
        seen = f"{check.name.replace('_', ' ')}: {check.message}"
        if first := self._told_already(result):
            self._fail_with(result, [seen, f"the same mistake as in {first}, which comes first: fix that one"])
        at = re.search(r"\bsample point (\d+)", check.message)
        self._print_point(int(at.group(1)) if at else 1)
        meaning = _MEANING[check.name].format(of=gradient.of, loss=self.config.differentiated)
        inherited = self._inherited(result) if check.name != CHECKS[0] else ""  # a shape is a gradient's own
        self._fail_with(result, [seen, meaning, inherited, *self._helpful(result)])

    def _told_already(self, result: GradientResult) -> str:
        """The first gradient that is wrong for the same reason, "" if it is this one."""
        first = next(one.name for one in self.grade.gradients if cause(one, staff=False) == cause(result, staff=False))
        return "" if first == result.name else first

    def _inherited(self, result: GradientResult) -> str:
        """Nothing follows through at home: a gradient may be wrong only because it is built on a wrong one."""
        first = next(one.name for one in self.grade.gradients if one.status not in ("passed", "missing"))
        return f"{first} is wrong too: if this one builds on it, fix that one first" * (first != result.name)

    def _print_point(self, number: int) -> None:
        """The numbers of the first step that shows a mistake; of later ones where to find them."""
        sizes = ", ".join(f"{name} = {size}" for name, size in self.assignment.points[number - 1].sizes.items())
        print(f"step {number}: {sizes}")
        print(f"  in `python -i test_gradients.py` it is homework.steps[{number - 1}]")
        if not self._printed:
            print(describe_point(self.config, self.assignment.points[number - 1]))
        self._printed = True

    def _fail_run(self, result: GradientResult) -> NoReturn:
        if result.inherits:
            self._fail_with(result, [fix_first([result])])
        lines = [happened(result) or result.status]
        if first := self._told_already(result):
            self._fail_with(result, [*lines, f"the same stops {first}, which comes first: fix that one"])
        self._fail_with(result, [*lines, *explained(result), *self._helpful(result)])

    def _helpful(self, result: GradientResult) -> list[str]:
        """The hints that students see at home, and what costs nothing."""
        hints = result.hints[: self.config.hints.check_level]
        return [*(f"hint: {unmarked(hint)}" for hint in hints), *(f"note: {note}" for note in result.notes)]

    def _fail_with(self, result: GradientResult, lines: list[str]) -> NoReturn:
        gradient = next(one for one in self.config.gradients if one.name == result.name)
        head = f"{result.name}: gradient of {self.config.differentiated} with respect to {gradient.of},"
        head += f" shape {show(self.config.shape_of(gradient.of))}"
        _fail("\n".join([head, *(_wrapped(line) for line in lines if line)]))


def describe_point(config: Config, point: Point) -> str:
    """The quantities of a step, to three digits."""
    lines = []
    for name, quantity in config.quantities.items():
        value = point.values[name]
        if isinstance(quantity, Index):
            lines.append(f"  s.{name} = {value}")
            continue
        shown = np.array2string(np.asarray(value), precision=3, suppress_small=True, prefix=" " * 6)
        label = f"  s.{name} {show(quantity.shape)}"
        lines.append(f"{label}\n      {shown}" if np.size(value) <= _MAX_SHOWN else label)
    return "\n".join(lines)


def _wrapped(line: str, indent: int = 4) -> str:
    width = min(_WIDTH, shutil.get_terminal_size().columns)
    return textwrap.fill(line, width, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))


def _fail(message: str) -> NoReturn:
    pytest.fail(message, pytrace=False)
