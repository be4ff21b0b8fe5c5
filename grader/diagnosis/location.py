"""Where in a student's function the calculation first goes wrong, from the values of a traced run.

The values are checked like answers, by comparing numbers: nothing that the student's process says about them is believed, and no
source is read.  Only values are reported, so an unusual way of deriving is not called wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.diagnosis.formulas.expression import Evaluator, Node, Values
from grader.diagnosis.formulas.waypoints import forward_points, waypoints
from grader.diagnosis.formulas.world import local_forms, make_world
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.problem.model import Array
from grader.records.run import Traced, place

TOLERANCE = 1e-9
SINGLE = 3e-6
RETURNED = "return"

Key = tuple[str, str, str]  # function, place, name


@dataclass(frozen=True)
class Landmarks:
    """Values that a right calculation passes through.

    Attributes:
        gradients: the right gradients, by name.
        others: quantities, and parts of right formulas.
        ways: for each gradient the values on the ways to it.
        complete: the parts of formulas are among them; where the model cannot be differentiated, they are not.
    """

    gradients: dict[str, Values]
    others: list[Values]
    ways: dict[str, list[Values]]
    complete: bool


def locate(
    assignment: Assignment,
    known: Landmarks,
    gradient: str,
    traces: Sequence[Sequence[Traced]],
    own: Mapping[str, Values] | None = None,
) -> str:
    """One sentence on where the values of a wrong gradient first go wrong, or "".

    Args:
        traces: what its calls left, one per sample point.
        own: the student's own wrong gradients: what is built on them is correct, their mistake is reported elsewhere.
    """
    if len(traces) != len(assignment.points):
        return ""
    inherited = {name: values for name, values in (own or {}).items() if name != gradient}
    if inherited and known.complete:
        known = _with_own(assignment, known, inherited)
    lines = [(key, values, _label(assignment, known, gradient, values)) for key, values in at_all_points(traces)]
    # What another gradient does inside is its own matter: it is given s, and nothing of this one.
    inside = [line for line in lines if line[0][0] == gradient or line[0][0] not in assignment.names]
    last = max((i for i, (_, _, label) in enumerate(inside) if label and label != _PART), default=-1)
    if known.complete:
        off = next((key for key, _, label in inside[last + 1 :] if not label), None) or _returned(
            assignment, gradient, traces, inside
        )
        if off is not None:
            return _first_wrong(gradient, off)
    right = next(((key, label) for key, _, label in reversed(lines) if label and label != _PART), None)
    if right is None:
        return ""
    key, label = right
    if key[0] == gradient == label and key[2] == RETURNED:
        return ""  # all it returns here is right: what goes wrong does so elsewhere
    return f"{value_text(gradient, key)}: {label} is correct here; the mistake comes later"


def _returned(
    assignment: Assignment, gradient: str, traces: Sequence[Sequence[Traced]], lines: Sequence[tuple[Key, Values, str]]
) -> Key | None:
    """Where the answer first appears, which is wrong even if a right calculation passes through it; None where it is right."""
    answers = [
        [one.value.array() for one in trace if (one.function, one.name) == (gradient, RETURNED)] for trace in traces
    ]
    if not all(answers):
        return None
    final = [found[-1] for found in answers]
    if _equal([assignment.config.sign * value for value in final], assignment.exact[gradient], SINGLE):
        return None
    return next((key for key, values, label in lines if label == _PART and _equal(values, final, TOLERANCE)), None)


def _first_wrong(gradient: str, key: Key) -> str:
    function, where, name = key
    what = f"what {function} returns there" if name == RETURNED else f"`{name}` there"
    inside = "" if function == gradient or name == RETURNED else f" of {function}"
    return f"Up to {where}{inside} your values match the derivation; {what} does not"


_PART = "part of a right formula"


def value_text(gradient: str, key: Key) -> str:
    """`back` in line 15, or what a function returns there."""
    function, where, name = key
    if name == RETURNED:
        return f"what {function} returns in {where}"
    inside = "" if function == gradient else f" of {function}"
    return f"`{name}` in {where}{inside}"


def at_all_points(traces: Sequence[Sequence[Traced]]) -> Iterator[tuple[Key, Values]]:
    """What was recorded in the same place at every sample point, in order of time; each value once, constants left out."""
    points = [
        {(one.function, place(one.line, one.cell), one.name): one.value.array() for one in trace} for trace in traces
    ]
    seen: list[Values] = []
    for key in points[0]:
        if all(key in point for point in points):
            values = [point[key] for point in points]
            if not any(map(_is_trivial, values)) and not any(_equal(values, other, TOLERANCE) for other in seen):
                seen.append(values)
                yield key, values


def _is_trivial(value: Array) -> bool:
    """Whether an array says nothing about how it was derived: no entry or one, all of them equal, or no finite numbers."""
    return value.size < 2 or not np.all(np.isfinite(value)) or bool(np.all(value == value.flat[0]))


def _label(assignment: Assignment, known: Landmarks, gradient: str, values: Values) -> str:
    """Which gradient it is, or that it is a quantity or part of a right formula; "" where it is neither."""
    with np.errstate(over="ignore"):  # what is too large for float32 is none
        tolerance = SINGLE if all(np.array_equal(value, value.astype(np.float32)) for value in values) else TOLERANCE
    turned = [assignment.config.sign * value for value in values]
    for name, right in known.gradients.items():
        if _equal(turned, right, tolerance):  # correct only if its axes are, too
            return name if turned[0].shape == right[0].shape else _PART
    sideways = [np.squeeze(value).T for value in values]  # a matrix is correct both ways around, a gradient is not
    for other in (*known.others, *known.ways.get(gradient, ())):
        if any(_equal(form, other, tolerance) for form in (values, turned, sideways)):
            return _PART
    return ""


def _equal(values: Values, right: Values, tolerance: float) -> bool:
    """The same numbers, whether as rows, columns or vectors."""
    return all(_near(np.squeeze(v), np.squeeze(r), tolerance) for v, r in zip(values, right, strict=True))


def _near(value: Array, right: Array, tolerance: float) -> bool:
    return value.shape == right.shape and relative_error(value, right) <= tolerance


def make_landmarks(assignment: Assignment) -> Landmarks:
    """The gradients, the quantities and all parts of the right formulas, where they are known."""
    names, complete = assignment.config.quantities, assignment.reference is not None
    quantities = [[np.asarray(point.values[name]) for point in assignment.points] for name in names]
    parts, ways = _parts(assignment, assignment.exact) if complete else ([], {})
    return Landmarks(dict(assignment.exact), [*quantities, *parts], ways, complete)


def _with_own(assignment: Assignment, known: Landmarks, own: Mapping[str, Values]) -> Landmarks:
    """What is right, and what follows rightly from a student's own wrong gradients."""
    parts, ways = _parts(assignment, {**assignment.exact, **own})
    both = {name: [*known.ways[name], *found] for name, found in ways.items()}
    return Landmarks(known.gradients, [*known.others, *own.values(), *parts], both, True)


def _parts(assignment: Assignment, gradients: Mapping[str, Values]) -> tuple[list[Values], dict[str, list[Values]]]:
    """The values of all parts of all forms of the right formulas, and those on the ways to each; on these gradients."""
    world = make_world(assignment)
    evaluate = Evaluator(assignment.graph, world.functions, assignment.points, dict(gradients))
    nodes: dict[Node, None] = {}
    for name in assignment.names:
        for form, _ in local_forms(world, name):
            nodes.update(dict.fromkeys(_inside(form)))
    nodes.update(dict.fromkeys(forward_points(world)))
    found = [[np.asarray(value) for value in values] for node in nodes if (values := evaluate(node)) is not None]
    ways = {name: list(waypoints(world, name, evaluate)) for name in assignment.names}
    return [values for values in found if any(value.size > 1 for value in values)], ways


def _inside(node: Node) -> Iterator[Node]:
    yield node
    for part in node:
        if isinstance(part, tuple):
            yield from _inside(part)
