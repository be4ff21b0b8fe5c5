"""Difference quotients with a large step, recognised exactly: they are too far from the gradient to be told by their digits."""

import numpy as np

from grader.diagnosis.formulas.expression import Values
from grader.problem.assignment import Assignment
from grader.problem.model import Array
from grader.problem.points import Point

STEPS = (0.1, 0.01, 0.001, 1e-4, 1e-5)
FAR = 0.5
AGREEMENT = 1e-9  # of the losses: the quotient of a small step is known no better than this divided by the step
MOST_ENTRIES = 2000


def is_quotient(assignment: Assignment, name: str, values: Values) -> bool:
    """Whether the values are (J(p + t) - J(p)) / t or (J(p + t) - J(p - t)) / 2t for one of the usual steps t."""
    right = assignment.exact[name]
    for value, truth in zip(values, right, strict=True):
        near = value.shape == truth.shape and np.linalg.norm(value - truth) <= FAR * np.linalg.norm(truth)
        if not near or value.size > MOST_ENTRIES:
            return False
    node = next(gradient.of for gradient in assignment.config.gradients if gradient.name == name)
    return any(
        all(
            _matches(assignment, node, point, value, t, back)
            for point, value in zip(assignment.points, values, strict=True)
        )
        for t in STEPS
        for back in (0.0, t)
    )


def _matches(assignment: Assignment, node: str, point: Point, value: Array, t: float, back: float) -> bool:
    """The quotient between p - back and p + t, entry by entry, until one differs."""
    x = np.asarray(point.values[node], dtype=float)
    for place in np.ndindex(x.shape):
        ends = []
        for move in (t, -back):
            moved = x.copy()
            moved[place] += move
            ends.append(float(assignment.graph.loss_at(point.values, node, moved)))
        if (
            not abs((ends[0] - ends[1]) - value[place] * (t + back))
            <= AGREEMENT * t * max(1.0, abs(value[place])) + 1e-13
        ):
            return False
    return True
