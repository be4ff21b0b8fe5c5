"""Answers that are inexact rather than wrong: digits were lost, or the loss was differentiated numerically.

An integer array cuts off what is assigned to it, often to zero, so digits are checked before an answer is called a constant.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from grader.checks.given import given as on_own
from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.hypothesis import Edit, Hypothesis, given
from grader.diagnosis.operators import OPERATORS
from grader.problem.assignment import Assignment
from grader.problem.model import Array
from grader.problem.points import Point

MOST_DECIMALS = 9
HALF_PRECISION = 5e-3
ROUNDING = 1e-14
RELATIVE = 1e-12
LEAST_DISTINCT = 5
LAYER = "digits"
_INTEGERS = "iu"
_CUT = (np.trunc, np.floor, np.ceil)

STEP_SIZES = (0.1, 0.01, 0.001, 1e-4, 1e-5)
FAR = 0.5
AGREEMENT = 1e-9  # of the losses: the quotient of a small step is known no better than this divided by the step
MOST_ENTRIES = 2000


def lost_digits(bases: Mapping[str, Values], values: Values, dtypes: Sequence[str]) -> Hypothesis | None:
    """The right numbers, or those that follow from the student's own gradients, with digits lost on the way.

    Args:
        bases: see `starting_points`.
        dtypes: of the answer at each sample point, as received.
    """
    for root, base in bases.items():
        if any(value.shape != right.shape for value, right in zip(values, base, strict=True)):
            continue
        edit = _lost(values, base, dtypes)
        if edit is not None:
            hypothesis = Hypothesis((edit,), "", edit.cost, LAYER)
            return given(hypothesis, root) if root else hypothesis
    return None


def holds_no_fractions(dtypes: Sequence[str]) -> Hypothesis | None:
    """An array of a type that holds whole numbers only, whatever they are."""
    if not dtypes or not all(dtype[1] in f"{_INTEGERS}b" for dtype in dtypes):
        return None
    edit = _whole_numbers(dtypes)
    return Hypothesis((edit,), "", edit.cost, LAYER)


def _whole_numbers(dtypes: Sequence[str]) -> Edit:
    held = "true/false values" if dtypes[0][1] == "b" else "whole numbers"
    return OPERATORS["whole-numbers"].edit("the result", new=f"{held} ({np.dtype(dtypes[0]).name})")


def starting_points(assignment: Assignment, name: str, own: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
    """("", the right numbers), then (root, what follows from it) for each of the student's own upstream gradients."""
    yield "", assignment.exact[name]
    for root, upstream in own.items():
        found = [
            on_own(assignment, name, point, {root: v}) for point, v in zip(assignment.points, upstream, strict=True)
        ]
        known = [value for value in found if value is not None]
        if len(known) == len(found):
            yield root, known


def source_of(assignment: Assignment, name: str, values: Values, own: Mapping[str, Values]) -> str | None:
    """The student's own wrong gradient, of whatever shape, from which these values follow; None where there is none.

    What is nothing but rounding, and what has the digits of half precision, follows from what is like it.
    """
    for root, upstream in own.items():
        found = [
            on_own(assignment, name, point, {root: v}) for point, v in zip(assignment.points, upstream, strict=True)
        ]
        if all(f is not None and _follows(value, f) for value, f in zip(values, found, strict=True)):
            return root
    return None


def _follows(value: Array, found: Array) -> bool:
    if value.shape != found.shape:
        return False
    allowed = max(ROUNDING * 10, HALF_PRECISION * float(np.max(np.abs(found), initial=0.0)))
    return bool(np.max(np.abs(value - found), initial=0.0) <= allowed)


def _lost(values: Values, base: Values, dtypes: Sequence[str]) -> Edit | None:
    if all(dtype[1] in _INTEGERS for dtype in dtypes):
        filled = any(value.ndim or np.any(value) for value in values)  # nothing was assigned to a plain 0
        cut = filled and any(_equal(values, (how(right) for right in base)) for how in (*_CUT, np.round))
        return _whole_numbers(dtypes) if cut else None
    if all(dtype == "<f2" for dtype in dtypes):
        near = all(
            np.max(np.abs(v - b)) <= HALF_PRECISION * np.max(np.abs(b)) for v, b in zip(values, base, strict=True)
        )
        return OPERATORS["half-precision"].edit("the result") if near else None
    if _equal(values, base):
        return None
    distinct = len({entry for value in values for entry in value.reshape(-1).tolist()})
    return _rounded(values, base) if distinct >= LEAST_DISTINCT else None  # a few whole numbers come from anything


def _rounded(values: Values, base: Values) -> Edit | None:
    for decimals in range(MOST_DECIMALS):
        if any(_equal(values, (how(right * 10**decimals) / 10**decimals for right in base)) for how in _CUT):
            return OPERATORS["cut-off"].edit("the result", new=_places(decimals))
    for decimals in range(MOST_DECIMALS):
        if _equal(values, (np.round(right, decimals) for right in base)):
            return OPERATORS["rounded"].edit("the result", new=_places(decimals), extra=0.0 if decimals else 0.6)
    for digits in range(1, MOST_DECIMALS):
        if _same_digits(values, base, digits):
            return OPERATORS["significant"].edit("the result", new=f"{digits} significant digit{'s' * (digits > 1)}")
    if _came_through_half(values, base):
        return OPERATORS["digits-inside"].edit("the result", new="in half precision (float16)")
    return None


def _places(decimals: int) -> str:
    return f"{decimals} decimal place{'s' * (decimals > 1)}" if decimals else "whole numbers"


def _same_digits(values: Values, base: Values, digits: int) -> bool:
    """Whether each entry is the right one rounded to this many significant digits."""
    with np.errstate(all="ignore"):
        for value, right in zip(values, base, strict=True):
            unit = 10.0 ** (np.floor(np.log10(np.abs(np.where(right == 0, 1.0, right)))) - (digits - 1))
            if not np.all(np.abs(np.round(right / unit) * unit - value) <= RELATIVE * np.abs(value)):
                return False
    return True


def _came_through_half(values: Values, base: Values) -> bool:
    """Whether the entries are half precision's, and as near to the right ones as that allows."""
    with np.errstate(over="ignore"):
        return all(
            bool(np.all(value == value.astype(np.float16).astype(float)))
            and bool(np.max(np.abs(value - right)) <= HALF_PRECISION * np.max(np.abs(right)))
            for value, right in zip(values, base, strict=True)
        )


def _equal(values: Sequence[Array], rounded: Iterable[Array]) -> bool:
    return all(bool(np.max(np.abs(v - r)) <= ROUNDING) for v, r in zip(values, rounded, strict=True))


def is_difference_quotient(assignment: Assignment, name: str, values: Values) -> bool:
    """Whether the values are (J(p + t) - J(p)) / t or (J(p + t) - J(p - t)) / 2t for one of the usual step sizes t."""
    right = assignment.exact[name]
    for value, truth in zip(values, right, strict=True):
        near = value.shape == truth.shape and np.linalg.norm(value - truth) <= FAR * np.linalg.norm(truth)
        if not near or value.size > MOST_ENTRIES:
            return False
    node = next(gradient.of for gradient in assignment.config.gradients if gradient.name == name)
    return any(
        all(
            _is_quotient(assignment, node, point, value, t, back)
            for point, value in zip(assignment.points, values, strict=True)
        )
        for t in STEP_SIZES
        for back in (0.0, t)
    )


def _is_quotient(assignment: Assignment, node: str, point: Point, value: Array, t: float, back: float) -> bool:
    """The quotient between p - back and p + t, entry by entry, until one differs."""
    x = np.asarray(point.values[node], dtype=float)

    def loss(index: tuple[int, ...], change: float) -> float:
        moved = x.copy()
        moved[index] += change
        return float(assignment.graph.loss_at(point.values, node, moved))

    for index in np.ndindex(x.shape):
        difference = loss(index, t) - loss(index, -back)
        allowed = AGREEMENT * t * max(1.0, abs(value[index])) + 1e-13
        if not abs(difference - value[index] * (t + back)) <= allowed:
            return False
    return True
