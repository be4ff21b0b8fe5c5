"""Where in a student's function the calculation first goes wrong, from the values of a traced run.

The values are checked like answers, by comparing numbers: nothing that the student's process says about them is believed, and no
source is read.  Only values are reported, so an unusual way of deriving is not called wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.diagnosis.formulas.expression import Evaluator, Node, Values
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
        complete: the parts of formulas are among them; where the model cannot be differentiated, they are not.
    """

    gradients: dict[str, Values]
    others: list[Values]
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
    lines = [(key, values, _label(assignment, known, values)) for key, values in _at_all_points(traces)]
    last = max((i for i, (_, _, label) in enumerate(lines) if label and label != _PART), default=-1)
    off = next((key for key, _, label in lines[last + 1 :] if not label), None) if known.complete else None
    if last < 0:
        return f"{_value(gradient, off)}: the calculation first goes wrong here" if off is not None else ""
    key, _, label = lines[last]
    right = f"{_value(gradient, key)}: {label} is correct here"
    if off is not None:
        return f"{_value(gradient, off)}: the calculation first goes wrong here; {right}"
    if key[0] == gradient == label and key[2] == RETURNED:
        return ""  # all it returns here is right: what goes wrong does so elsewhere
    return f"{right}; the mistake comes later"


_PART = "part of a right formula"


def _value(gradient: str, key: Key) -> str:
    """`back` in line 15, or what a function returns there."""
    function, where, name = key
    if name == RETURNED:
        return f"what {function} returns in {where}"
    inside = "" if function == gradient else f" of {function}"
    return f"`{name}` in {where}{inside}"


def _at_all_points(traces: Sequence[Sequence[Traced]]) -> Iterator[tuple[Key, Values]]:
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


def _label(assignment: Assignment, known: Landmarks, values: Values) -> str:
    """Which gradient it is, or that it is a quantity or part of a right formula; "" where it is neither."""
    with np.errstate(over="ignore"):  # what is too large for float32 is none
        tolerance = SINGLE if all(np.array_equal(value, value.astype(np.float32)) for value in values) else TOLERANCE
    turned = [assignment.config.sign * value for value in values]
    for name, right in known.gradients.items():
        if _equal(turned, right, tolerance):  # correct only if its axes are, too
            return name if turned[0].shape == right[0].shape else _PART
    sideways = [np.squeeze(value).T for value in values]  # a matrix is correct both ways around, a gradient is not
    for other in known.others:
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
    others = [[np.asarray(point.values[name]) for point in assignment.points] for name in names]
    others += _parts(assignment, assignment.exact) if complete else ()
    return Landmarks(dict(assignment.exact), others, complete)


def _with_own(assignment: Assignment, known: Landmarks, own: Mapping[str, Values]) -> Landmarks:
    """What is right, and what follows rightly from a student's own wrong gradients."""
    parts = _parts(assignment, {**assignment.exact, **own})
    return Landmarks(known.gradients, [*known.others, *own.values(), *parts], True)


def _parts(assignment: Assignment, gradients: Mapping[str, Values]) -> Iterator[Values]:
    """The values of all parts of all forms of the right formulas, the upstream gradients being those given."""
    world = make_world(assignment)
    evaluate = Evaluator(assignment.graph, world.functions, assignment.points, dict(gradients))
    nodes: dict[Node, None] = {}
    for name in assignment.names:
        for form, _ in local_forms(world, name):
            nodes.update(dict.fromkeys(_inside(form)))
    for node in nodes:
        values = evaluate(node)
        if values is not None and any(np.size(value) > 1 for value in values):
            yield [np.asarray(value) for value in values]


def _inside(node: Node) -> Iterator[Node]:
    yield node
    for part in node:
        if isinstance(part, tuple):
            yield from _inside(part)
