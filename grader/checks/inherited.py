"""Gradients that earn nothing because of another one, and are not to blame: they raised on it, or follow from it.

Follow-through gives marks for what is right on the student's own upstream gradients.  Where there are no numbers to compare, or
the upstream gradient is not a genuine attempt, there are no marks; but what to fix is still the upstream gradient.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from grader.checks.check import Verdicts, name_axes, show
from grader.checks.followthrough import Propagated, fits, in_order, made_of_sizes, trace_back
from grader.checks.fresh import Fresh
from grader.checks.given import given
from grader.problem.assignment import Assignment
from grader.problem.model import Array
from grader.records.run import Answer

NOTHING = "NoneType"


def find_inherited(
    assignment: Assignment,
    verdicts_of: Mapping[str, Verdicts],
    answers: Mapping[str, Sequence[Answer]],
    returned: Mapping[str, list[Array]],
    propagated: Mapping[str, Propagated],
    fresh: Fresh | None = None,
) -> dict[str, list[str]]:
    """For each gradient that goes wrong because of others, the ones to fix, in order.

    Args:
        answers: all of them, including those of gradients that raised.
        returned: the finite real answers, of whatever shape, in the direction of the loss.
        propagated: what follows from the student's own gradients; what goes wrong because of one of these is due to its roots.
        fresh: the answers at the file's own sample point, where what follows from another gradient must follow, too.
    """
    # What follows from upstream gradients that follow-through does not build on.
    wrong = {
        name: values
        for name, values in returned.items()
        if not verdicts_of[name].passed and name not in propagated and fits(assignment, name, values)
    }
    found = {name: follows.roots for name, follows in trace_back(assignment, wrong, wrong, set(), fresh).items()}
    found |= _cut_to_zero(assignment, verdicts_of, answers, returned)
    misshapen = [name for name, verdicts in verdicts_of.items() if verdicts.shape.outcome == "failed"]
    raised = [
        name for name in answers if name not in verdicts_of and answers[name] and answers[name][-1].outcome == "raised"
    ]
    for name in sorted(raised, key=lambda name: len(assignment.ancestors[name])):
        upstream = _upstream(assignment, name, misshapen)
        root = next((one for one in upstream if _stops(assignment, name, one, answers)), None)
        if root is not None:
            roots = propagated[root].roots if root in propagated else found.get(root, [root])
            found[name] = in_order(assignment, set(roots))
    for name in raised:
        if name not in found and (root := _raised_within(name, raised, answers)):
            found[name] = found.get(root, [root])
    return found


def _cut_to_zero(
    assignment: Assignment,
    verdicts_of: Mapping[str, Verdicts],
    answers: Mapping[str, Sequence[Answer]],
    returned: Mapping[str, list[Array]],
) -> dict[str, list[str]]:
    """What is zero because an array of whole numbers that it builds on is: all decimals are lost there."""
    zero = {name for name, values in returned.items() if not (verdicts_of[name].passed or any(map(np.any, values)))}
    whole = {name for name in zero if all(a.value is not None and a.value.dtype[1] in "iub" for a in answers[name])}
    found = {}
    for name in zero - whole:
        roots = [other for other in assignment.ancestors[name] if other in whole]
        if roots and verdicts_of[name].shape.outcome != "passed":
            found[name] = in_order(assignment, {roots[-1]})
    return found


def _raised_within(name: str, raised: Sequence[str], answers: Mapping[str, Sequence[Answer]]) -> str:
    """The gradient whose exception this one only passes on, as it calls that function; "" where the exception is its own."""
    last = answers[name][-1]
    if last.within == name or last.within not in raised:
        return ""
    root = answers[last.within][-1]
    same = (root.within, root.message, root.line, root.cell) == (last.within, last.message, last.line, last.cell)
    return last.within if same else ""


def _upstream(assignment: Assignment, name: str, misshapen: Sequence[str]) -> list[str]:
    """The gradients of a wrong shape that this one may build on, nearest first; without formulas, any other one."""
    if assignment.reference is None:
        return [other for other in misshapen if other != name]
    return [other for other in assignment.ancestors[name] if other in misshapen]


def _stops(assignment: Assignment, name: str, root: str, answers: Mapping[str, Sequence[Answer]]) -> bool:
    """Whether `name` raised because of what `root` returns.

    The right formula cannot be evaluated with it either, and the exception mentions its name or its shape.  The message is the
    student's: it can only turn attention away from a mistake, which costs its marks all the same.
    """
    last, k = answers[name][-1], len(answers[name]) - 1
    if k >= len(answers[root]):
        return False
    own, point = answers[root][k], assignment.points[k]
    message = "\n".join(last.explanation)
    if own.value is None:
        return own.returned == NOTHING and (NOTHING in last.message or " is None" in message)
    value = own.value.array()
    if assignment.reference is None:
        return f"{root}(" in message or f"{root} is " in message  # called, or given as a parameter
    if not made_of_sizes(value, assignment.exact[root][k], point):
        return False
    if given(assignment, name, point, {root: value}) is not None:
        return False
    shapes = {show(name_axes(shape, point.sizes)) for shape in (value.shape, value.shape[::-1])}
    signs = [f" is {shape}" for shape in shapes] if value.ndim else ["a single number"]
    return any(sign in message for sign in (f"{root}(", *signs))
