"""Answers that have lost digits: whole numbers, half precision, rounded.  Compared with the right ones, or on the student's own.

An integer array cuts off what is assigned to it, often to zero, so this is checked before an answer is called a constant.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from grader.checks.followthrough import given as on_own
from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.hypothesis import Edit, Hypothesis, given
from grader.diagnosis.operators import OPERATORS
from grader.problem.assignment import Assignment
from grader.problem.model import Array

MOST_DECIMALS = 9
HALF = 5e-3
ROUNDING = 1e-14
LAYER = "digits"
_INTEGERS = "iu"
_CUT = (np.trunc, np.floor, np.ceil)


def lost_digits(
    assignment: Assignment, name: str, values: Values, own: Mapping[str, Values], dtypes: Sequence[str]
) -> Hypothesis | None:
    """The right numbers with digits lost on the way.

    Args:
        dtypes: of the answer at each step, as they crossed the border.
    """
    for root, base in _bases(assignment, name, own):
        if any(value.shape != right.shape for value, right in zip(values, base, strict=True)):
            continue
        edit = _lost(values, base, dtypes)
        if edit is not None:
            hypothesis = Hypothesis((edit,), "", edit.cost, LAYER)
            return given(hypothesis, root) if root else hypothesis
    return None


def holds_no_fractions(dtypes: Sequence[str]) -> Hypothesis | None:
    """An array of a type that keeps whole numbers only, whatever they are."""
    if not dtypes or not all(dtype[1] in f"{_INTEGERS}b" for dtype in dtypes):
        return None
    edit = OPERATORS["whole-numbers"].edit("the result", new=_type(dtypes))
    return Hypothesis((edit,), "", edit.cost, LAYER)


def _bases(assignment: Assignment, name: str, own: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
    """The right numbers, then what is right on each of the student's own upstream gradients, and whose it is."""
    yield "", assignment.exact[name]
    for root, upstream in own.items():
        found = [
            on_own(assignment, name, point, {root: v}) for point, v in zip(assignment.points, upstream, strict=True)
        ]
        known = [value for value in found if value is not None]
        if len(known) == len(found):
            yield root, known


def _lost(values: Values, base: Values, dtypes: Sequence[str]) -> Edit | None:
    if all(dtype[1] in _INTEGERS for dtype in dtypes):
        cut = any(_equal(values, (how(right) for right in base)) for how in (*_CUT, np.round))
        return OPERATORS["whole-numbers"].edit("the result", new=_type(dtypes)) if cut else None
    if all(dtype == "<f2" for dtype in dtypes):
        near = all(np.max(np.abs(v - b)) <= HALF * np.max(np.abs(b)) for v, b in zip(values, base, strict=True))
        return OPERATORS["half-precision"].edit("the result") if near else None
    if not any(map(np.any, values)):
        return None  # rounded to zero, or simply zero: the two look the same
    if any(_equal(values, (how(right) for right in base)) for how in _CUT):
        return OPERATORS["cut-off"].edit("the result")
    for decimals in range(MOST_DECIMALS):
        if _equal(values, (np.round(right, decimals) for right in base)):
            shown = f"{decimals} decimal place{'s' * (decimals > 1)}" if decimals else "whole numbers"
            return OPERATORS["rounded"].edit("the result", new=shown, extra=0.0 if decimals else 0.6)
    return None


def _equal(values: Sequence[Array], rounded: Iterable[Array]) -> bool:
    return all(bool(np.max(np.abs(v - r)) <= ROUNDING) for v, r in zip(values, rounded, strict=True))


def _type(dtypes: Sequence[str]) -> str:
    return (
        f"truth values ({np.dtype(dtypes[0]).name})"
        if dtypes[0][1] == "b"
        else f"whole numbers ({np.dtype(dtypes[0]).name})"
    )
