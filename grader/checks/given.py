"""How far an answer is from what the reference formula gives with the student's own upstream gradients."""

from collections.abc import Mapping

from grader.errors import ConfigError
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.problem.model import Array
from grader.problem.points import Point


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


def error_given(assignment: Assignment, name: str, point: Point, own: Mapping[str, Array], answer: Array) -> float:
    """The relative error of an answer; NaN where there is nothing to compare, or the shapes differ.

    Where the terms of a sum cancel, no digit of what is left means anything, and a wrong formula may leave as little: then no
    answer is right here, and the gradient is called again with random numbers in place of `own` (see `substitution`).
    """
    value = given(assignment, name, point, own)
    if value is None or value.shape != answer.shape:
        return float("nan")
    return relative_error(value, answer)
