"""Whether a wrong value is right but for one of its parts, in whose place stands another value."""

from collections.abc import Callable, Sequence

import numpy as np

from grader.diagnosis.formulas.expression import Node, Values, one_minus, replaced
from grader.diagnosis.formulas.forms import derivative_forms, local_forms
from grader.diagnosis.formulas.formula_nodes import inside
from grader.diagnosis.formulas.world import World
from grader.diagnosis.traced.events import either_way, equal, is_trivial
from grader.diagnosis.traced.landmarks import Landmarks
from grader.diagnosis.traced.lookup import Lookup
from grader.problem.assignment import Assignment

_STANDS_IN: Node = ("g", "")
NOTHING = Lookup(())


def stands_in(
    landmarks: Landmarks,
    assignment: Assignment,
    gradient: str,
    values: Values,
    result: Values,
    present: Lookup = NOTHING,
    *,
    as_gradient: bool = False,
) -> bool:
    """Whether `result` is what a right formula gives if `values` stand in for a quantity, a gradient or an argument.

    Args:
        present: what nothing needs to stand in for.
        as_gradient: a quantity may stand in for all that a gradient is made of.
    """
    if landmarks.world is None or landmarks.evaluate is None or any(map(is_trivial, result)):
        return False
    forms = either_way(values, assignment.config.sign)
    evaluators = [landmarks.evaluate.with_gradients({"": one}) for one in forms]
    if values[0].ndim < 2:
        tables = ([np.atleast_2d(value) for value in one] for one in forms)
        evaluators += [landmarks.evaluate.with_gradients({"": table}) for table in tables]
    sides = [result, [-value for value in result]]
    stands_for = _could_stand_for(landmarks, landmarks.world, values, present, as_gradient)
    for form in _formulas(landmarks, landmarks.world, assignment, gradient):
        for part in dict.fromkeys(part for part in inside(form) if part != form and stands_for(part)):
            for evaluate in evaluators:
                found = evaluate(replaced(form, part, _STANDS_IN))
                if found is not None and any(
                    equal(side, found) or equal([np.squeeze(v).T for v in side], found) for side in sides
                ):
                    return True
    loops = landmarks.loops_of(assignment, gradient)
    return any(loop.stands_in(one, sides, present) for loop in loops for one in forms)


def _formulas(landmarks: Landmarks, world: World, assignment: Assignment, gradient: str) -> Sequence[Node]:
    """The right formulas of the forward pass and of a gradient and those it builds on, and their parts."""
    if gradient not in landmarks.formulas:
        nodes: dict[Node, None] = dict.fromkeys(world.model.values())
        for one in world.all_applications:
            nodes.update(dict.fromkeys((one.derivative, *derivative_forms(world, one))))
            nodes[("fn", one.function, one.argument)] = None
            if world.normalizes(one.function):
                nodes[("fn", "exp", one.argument)] = None
        for name in (gradient, *assignment.ancestors[gradient]):
            for form, _ in local_forms(world, name):
                nodes.update(dict.fromkeys(part for part in inside(form) if len(part) > 2))
                for upstream in world.upstream(name):
                    if (written := world.local[upstream]) is not None:
                        nodes[replaced(form, ("g", upstream), written)] = None
        landmarks.formulas[gradient] = list(nodes)
    return landmarks.formulas[gradient]


def _could_stand_for(
    landmarks: Landmarks, world: World, values: Values, present: Lookup, as_gradient: bool
) -> Callable[[Node], bool]:
    """Tells in place of which parts of a formula `values` may stand: a value of the forward pass for no gradient."""
    evaluate, known = landmarks.evaluate, dict[Node, bool]()
    assert evaluate is not None
    forward = any(equal(values, other) for other in (*landmarks.quantities.values(), *landmarks.forward))
    arguments = {one.argument for one in world.all_applications} if forward else set()
    complements = {one_minus(one.output) for one in world.all_applications} if forward else set()
    found = [right for one in complements if (right := evaluate(one)) is not None]
    if not any(equal(values, right) for right in found):  # 1 - r stands for 1 - z, and nothing else does
        complements = set()

    def could(part: Node) -> bool:
        if part not in known:
            plain = part[:1] == ("q",) or part in complements
            of_the_kind = as_gradient or (plain if forward else part[:1] == ("g",)) or part in arguments
            right = evaluate(part) if of_the_kind else None
            known[part] = (
                right is not None
                and all(np.size(v) == np.size(r) > 1 for v, r in zip(values, right, strict=True))
                and right not in present
            )
        return known[part]

    return could
