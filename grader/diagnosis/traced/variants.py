"""Values that a right calculation may pass through although they are in no formula of it: rearranged, scaled, to a power."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from grader.diagnosis.formulas.expression import Evaluator, Node, Values
from grader.diagnosis.formulas.formula_nodes import inside
from grader.diagnosis.traced.events import TOLERANCE, equal
from grader.problem.model import Array

POWERS = (-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0)
MOST_ENTRIES = 4096


def powers(evaluate: Evaluator, forms: Iterable[Node]) -> Iterator[Values]:
    """What is raised to a power in a formula, to the other powers on the way there."""
    bases = dict.fromkeys(part[1] for form in forms for part in inside(form) if part[0] == "pow" and part[2] != 2)
    for base in bases:
        found = evaluate(base)
        if found is not None and all(value.size > 1 and bool(np.all(value > 0)) for value in found):
            yield from ([value**power for value in found] for power in POWERS)


def numbers(evaluate: Evaluator, forms: Iterable[Node]) -> Iterator[Values]:
    """The single numbers that formulas multiply or divide by: they may be multiplied in earlier or later."""
    for part in dict.fromkeys(part for form in forms for node in inside(form) for part in _factors(node)):
        found = evaluate(part)
        if found is not None and all(value.size == 1 and value.all() for value in found):
            yield found


def _factors(node: Node) -> tuple[Node, ...]:
    if node[0] == "mul":
        return tuple(part for part in node[1:] if isinstance(part, tuple))
    return (node[2],) if node[0] == "div" and isinstance(node[2], tuple) else ()


def is_multiple(values: Values, other: Values, factors: Sequence[Values]) -> bool:
    """Whether it is another value times one of the factors, or divided by it."""
    ratios = [_ratio(value, right) for value, right in zip(values, other, strict=True)]
    for factor in factors if all(ratios) else ():
        for power in (1.0, -1.0):
            numbers = [float(np.ravel(one)[0]) ** power for one in factor]
            if np.allclose(ratios, numbers, TOLERANCE, 0):
                return equal(values, [number * one for number, one in zip(numbers, other, strict=True)])
    return False


def _ratio(value: Array, right: Array) -> float:
    """The quotient of the largest entries; 0 where there is none."""
    if value.size != right.size or not right.size:
        return 0.0
    at = int(np.argmax(np.abs(right)))
    return float(np.ravel(value)[at] / np.ravel(right)[at]) if np.ravel(right)[at] else 0.0


def repeated_rows(values: Values) -> Iterator[Values]:
    """The row that a table repeats, as in `np.ones((N, D)) * dvar`, and the column."""
    for axis in (0, 1):
        if all(value.ndim == 2 and value.shape[axis] > 1 and not np.ptp(value, axis=axis).any() for value in values):
            row = [np.take(value, [0], axis) for value in values]
            if all(one.size > 1 for one in row):
                yield row


def is_rearranged(values: Values, known: Iterable[Values]) -> bool:
    """Whether each value has the entries of something known more often, or with zeros: repeated, padded, in windows.

    In the same number and another order they may be a mistake.
    """
    return any(
        all(map(_has_entries_of, values, other)) and any(v.size > o.size for v, o in zip(values, other, strict=True))
        for other in known
    )


def _has_entries_of(value: Array, other: Array) -> bool:
    if not 1 < other.size < value.size <= MOST_ENTRIES:
        return False
    entries = np.sort(np.ravel(other))
    wanted = np.ravel(value)[np.ravel(value) != 0]
    at = np.clip(np.searchsorted(entries, wanted), 1, len(entries) - 1)
    nearest = [np.isclose(entries[at - k], wanted, TOLERANCE, 0) for k in (0, 1)]
    return wanted.size > 1 and bool(np.all(nearest[0] | nearest[1]))
