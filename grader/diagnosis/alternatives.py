"""Other explanations of the same numbers: ties, and the runner-up.  Knows hypotheses and numbers, no gradient."""

from collections.abc import Sequence

import numpy as np

from grader.diagnosis.comparison import DOUBLE, Target
from grader.diagnosis.formulas.formula_nodes import inside, one_minus
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Edit, Hypothesis

TIE, RUNNER_UP, NEAR = 0.15, 1.0, 0.5
# One formula, two stories: the numbers cannot say which of them is true.
_TWO_STORIES = (
    {"jacobian-diagonal", "target-only"},
    {"sign-argument", "wrong-function-of"},
    {"sign-argument", "wrong-variable"},
)


def other_stories(named: Hypothesis, found: Sequence[Hypothesis]) -> list[Hypothesis]:
    """What the numbers of a named misconception say as well, though it is another mistake."""
    operators = {one.operator for one in found}
    both = [pair for pair in _TWO_STORIES if pair <= operators]
    return [one for one in found if one.edits[0].kind != named.edits[0].kind and any(one.operator in p for p in both)]


def next_best(first: Hypothesis, others: Sequence[Hypothesis]) -> list[Hypothesis]:
    """The runner-up: hardly less likely than the first, of no more mistakes, and about something else."""
    near = [one for one in others if one.cost <= first.cost + NEAR and len(one.edits) <= len(first.edits)]
    return [one for one in near if _is_about_something_else(one.edits[0], first.edits[0])][:1]


def _is_about_something_else(one: Edit, first: Edit) -> bool:
    if first.kind == "missing-term":
        return False  # but something that makes the term zero
    return one.where != first.where and one.kind != first.kind


def is_tied(first: Hypothesis, one: Hypothesis, target: Target) -> bool:
    if {first.operator, one.operator} in _TWO_STORIES and len(first.edits) == len(one.edits) == 1:
        return one.cost <= first.cost + RUNNER_UP
    return one.cost <= first.cost + TIE and _other_numbers(first, one, target)


def _other_numbers(one: Hypothesis, other: Hypothesis, target: Target) -> bool:
    """Whether two hypotheses that both give the answer are two formulas, not two ways to write one.

    In double precision an answer tells any two formulas apart, so that both giving it are the same one.
    """
    if target.tolerance <= DOUBLE or one.values is None or other.values is None:
        return False
    return any(
        a.shape == b.shape and bool(np.max(np.abs(a - b)) > DOUBLE * np.max(np.abs(a)))
        for a, b in zip(one.values, other.values, strict=True)
    )


def without_signs_of_gates(found: Sequence[Hypothesis], world: World) -> list[Hypothesis]:
    """Without a sign in the argument of a sigmoid, where that is 1 - z for z, or z for 1 - z, in a model that uses both."""
    both = {part for tree in world.model.values() for part in inside(tree) if part[0] == "add"}
    gates = [f"1 - {one.output[1]}" for one in world.applications if one_minus(one.output) in both]
    confused = [one for one in found if any({one.edits[0].old, one.edits[0].new} & {gate} for gate in gates)]
    return [one for one in found if not confused or one.operator != "sign-argument"]
