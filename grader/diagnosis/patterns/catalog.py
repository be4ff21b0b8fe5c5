"""All patterns, and the hypotheses that they give for an answer."""

from collections.abc import Mapping

import numpy as np

from grader.diagnosis.formulas.expression import Values, gradient_text
from grader.diagnosis.hypothesis import Hypothesis, given
from grader.diagnosis.patterns import clipped, functionof, rearranged, singlenumber, updates
from grader.diagnosis.patterns.pattern import Case, Pattern
from grader.problem.assignment import Assignment

PATTERNS: tuple[Pattern, ...] = (
    *clipped.PATTERNS,
    *functionof.PATTERNS,
    *rearranged.PATTERNS,
    *singlenumber.PATTERNS,
    *updates.PATTERNS,
)
LAYER = "pattern"
CHEAPEST = 1.2  # of all patterns: what costs less is no pattern


def recognized(case: Case) -> list[Hypothesis]:
    """The hypotheses of all patterns that give the answer."""
    if case.matches(case.right):  # 0 added, 1 multiplied in: every pattern gives the right numbers, too
        return []
    with np.errstate(all="ignore"):
        return [
            Hypothesis(edits, "", sum(edit.cost for edit in edits), LAYER)
            for pattern in PATTERNS
            for edits in pattern.find(case)
        ]


def recognized_in(
    assignment: Assignment,
    name: str,
    values: Values,
    bases: Mapping[str, Values],
    own: Mapping[str, Values],
    tolerance: float,
) -> list[Hypothesis]:
    """The same for a gradient, made from each of `bases`: the right numbers ("") and those that follow from the student's own.

    Args:
        own: the student's own wrong upstream gradients.
    """
    found = []
    for root, base in bases.items():
        case = make_case(assignment, name, values, base, own if root else {}, tolerance)
        found += [given(one, root) if root else one for one in recognized(case)]
    return found


def make_case(
    assignment: Assignment, name: str, values: Values, right: Values, own: Mapping[str, Values], tolerance: float
) -> Case:
    """The numbers that patterns see, in the student's direction."""
    sign = assignment.config.sign

    def turned(arrays: Values) -> Values:
        return [sign * array for array in arrays]

    gradients = {**assignment.exact, **own}
    upstream = {gradient_text(other): turned(gradients[other]) for other in assignment.ancestors[name]}
    quantities = {
        quantity: [np.asarray(point.values[quantity], dtype=float) for point in assignment.points]
        for quantity in assignment.config.quantities
    }
    others = {gradient_text(other): turned(found) for other, found in gradients.items() if other != name}
    of = next(gradient.of for gradient in assignment.config.gradients if gradient.name == name)
    return Case(turned(values), turned(right), of, upstream, {**quantities, **others}, tuple(quantities), tolerance)
