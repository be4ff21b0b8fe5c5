"""How far an answer is from what the reference formula gives with the student's own upstream gradients."""

from collections.abc import Mapping

import numpy as np

from grader.errors import ConfigError
from grader.problem.assignment import Assignment
from grader.problem.derivatives import EPSILON, norm, relative_error
from grader.problem.model import Array
from grader.problem.points import Point

CHANGE = 1e-8  # relative, of each entry: far above rounding, far below what changes a formula
ROUNDINGS = 100  # how many last digits of its terms may be left of a sum that is zero


def given(assignment: Assignment, name: str, point: Point, own: Mapping[str, Array]) -> Array | None:
    """The reference formula of a gradient on the student's own upstream gradients.

    None where it does not use them all, or cannot be evaluated with such arrays.
    """
    if assignment.reference is None:
        return None
    try:
        value, used = assignment.reference(name, point, own)
    except ConfigError:  # it may fail on arrays of other shapes
        return None
    return value if used == frozenset(own) else None


def error_given(
    assignment: Assignment, name: str, point: Point, own: Mapping[str, Array], answer: Array, tolerance: float
) -> float:
    """The relative error of an answer; NaN where there is nothing to compare, or the shapes differ.

    It is 0 where both are zero but for rounding: where the terms of a sum cancel, no digit of what is left means anything.
    """
    value = given(assignment, name, point, own)
    if value is None or value.shape != answer.shape:
        return float("nan")
    error = relative_error(value, answer)
    if error <= tolerance:
        return error
    terms = _size_of_terms(assignment, name, point, own, value)
    # Of the reference's value it is known how exact it is; an answer may be less exact, such as one in single precision.
    cancels = norm(value) <= ROUNDINGS * EPSILON * terms and norm(answer) <= tolerance * terms
    return 0.0 if cancels else error


def _size_of_terms(assignment: Assignment, name: str, point: Point, own: Mapping[str, Array], value: Array) -> float:
    """The norm of what the student's own gradients contribute to a value before terms cancel.

    Entries that change independently of one another change the value by that much, relatively.
    """
    random = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        changed = {other: array * (1 + CHANGE * random.standard_normal(array.shape)) for other, array in own.items()}
        moved = given(assignment, name, point, changed)
        size = norm(moved - value) / CHANGE if moved is not None and moved.shape == value.shape else 0.0
    return size if np.isfinite(size) else 0.0
