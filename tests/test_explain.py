"""Exceptions of students' code, explained in the sandbox, on the Python that runs the tests."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.problem.assignment import Assignment
from grader.records.run import Answer, Run
from grader.sandbox.host import Sandbox
from grader.sandbox.wire import JobWriter
from grader.sandbox.zygotes import Zygote, start_spawner

ROOT = Path(__file__).parents[1]
CASES: list[dict[str, Any]] = yaml.safe_load((ROOT / "tests" / "explained_exceptions.yaml").read_text(encoding="utf-8"))
PRELUDE = """\
import math
import numpy as np

def delta(s):
    return s.y_hat - s.y

def helper(row, s):
    return row @ s.I

def no_return(s):
    s.y_hat - s.y

def case_round(s):
    return case_circle(s)
"""


def run_functions(assignment: Assignment, source: str, names: list[str], *, without: tuple[str, ...] = ()) -> Run:
    """Run functions of other names than the assignment's, at its first sample point."""
    values = assignment.points[0].values
    point = {name: value for name, value in values.items() if name != assignment.config.loss}
    writer = JobWriter([point], 2048, [assignment.points[0].sizes])
    model, limits = ROOT / assignment.config.model, assignment.config.sandbox
    start = (lambda: Zygote(model, limits, without)) if without else (lambda: start_spawner(model, limits))
    with Sandbox(start, writer, [(name, 0) for name in names], limits) as sandbox:
        return sandbox.run(source.encode())


def explained(assignment: Assignment, body: str, **options: Any) -> Answer:
    source = PRELUDE + "def case(s):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    return run_functions(assignment, source, ["case"], **options).answers["case"][-1]


@pytest.fixture(scope="module")
def answers(assignment: Assignment) -> dict[str, Answer]:
    source = PRELUDE
    for case in CASES:
        source += f"\ndef case_{case['id']}(s):\n" + "".join(f"    {line}\n" for line in case["code"].splitlines())
    run = run_functions(assignment, source, [f"case_{case['id']}" for case in CASES])
    assert run.loading.outcome == "returned"
    return {name.removeprefix("case_"): found[-1] for name, found in run.answers.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_an_exception_is_explained_by_its_expression_and_shapes(
    answers: dict[str, Answer], case: dict[str, Any]
) -> None:
    assert answers[case["id"]].outcome == "raised"
    assert list(answers[case["id"]].explanation) == case["explanation"]
    assert not answers[case["id"]].forged


def test_exceptions_are_explained_where_no_file_can_be_opened(assignment: Assignment) -> None:
    answer = explained(assignment, "return delta(s) @ s.U", without=("landlock",))
    assert answer.explanation[0] == "delta(s) is (1, V)  @  s.U is (Dh, V)"


def test_an_expression_with_side_effects_is_not_evaluated_again(assignment: Assignment) -> None:
    answer = explained(assignment, "seen = []\nreturn (seen.append(print('once')) or s.h) @ s.y")
    assert answer.printed == "once\n"
    assert answer.outcome == "raised"


def test_an_exception_raised_on_purpose_is_not_explained(assignment: Assignment) -> None:
    answer = explained(assignment, "raise ValueError('no idea')")
    assert answer.message == "ValueError: no idea"
    assert answer.explanation == ()


def test_a_call_that_took_long_is_not_repeated_for_its_explanation(assignment: Assignment) -> None:
    body = """\
import time
def slow(s):
    print('called')
    end = time.process_time() + 0.4
    while time.process_time() < end: pass
    return s.h
return slow(s) @ s.y"""
    assert explained(assignment, body).printed == "called\n"


def test_an_object_that_lies_about_itself_costs_only_its_own_explanation(assignment: Assignment) -> None:
    body = """\
class Liar:
    def __getattribute__(self, name):
        raise SystemExit
    def __matmul__(self, other):
        raise ValueError("no")
return Liar() @ s.y"""
    answer = explained(assignment, body)
    assert answer.outcome == "raised"
    assert answer.message == "ValueError: no"


def test_hostile_names_reach_the_grader_as_cut_printable_lines(assignment: Assignment) -> None:
    body = "x = " + "s.h + " * 200 + "s.y\nreturn x"
    lines = explained(assignment, body).explanation
    assert lines
    assert all(len(line) <= 400 and line.isprintable() for line in lines)


def test_a_quantity_of_no_unique_size_keeps_its_number() -> None:
    from grader.sandbox.inside.exceptions.symbols import Symbols

    symbols = Symbols({"V": 9, "d": 4, "Dh": 6})
    assert symbols.shape((36, 9)) == "(36, V)"  # d·V and Dh·Dh
    assert symbols.shape((54, 1)) == "(Dh·V, 1)"
    assert symbols.shape((7,)) == "(7,)"
