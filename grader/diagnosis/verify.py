"""Recompute a formula and compare: the only way a story gets told.  Knows tolerances, factors and shapes; searches nothing."""

from collections.abc import Sequence

import numpy as np

from grader.diagnosis.comparison import name_factors
from grader.diagnosis.formulas.expression import Evaluator, Node
from grader.diagnosis.formulas.rendering import text
from grader.diagnosis.hypothesis import Edit, Hypothesis
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.target import Target
from grader.problem.model import Array


def retell(
    target: Target, node: Node, edits: tuple[Edit, ...], cost: float, evaluator: Evaluator, layer: str
) -> Hypothesis | None:
    """The story of a formula, with the factor and the shape that are left told as well; None where the numbers differ."""
    values = evaluator(node)
    if values is None:
        return None
    factors = []
    for value, wanted in zip(values, target.values, strict=True):
        if value.size != wanted.size:
            return None
        flat, goal = value.reshape(-1), wanted.reshape(-1)
        square = float(flat @ flat)
        factor = float(flat @ goal) / square if square else 0.0
        if not np.max(np.abs(goal - factor * flat)) <= target.tolerance * np.max(np.abs(goal)):
            return None
        factors.append(factor)
    if not any(factors):
        return None
    scale = name_factors([f if f else 1.0 for f in factors], target.sizes, target.tolerance)
    shape = _shape_edit(values, target.values)
    told = (*edits, *([scale] if scale else []), *([shape] if shape else []))
    if not told:
        return None
    total = cost + (scale.cost if scale else 0.0) + (shape.cost if shape else 0.0)
    return Hypothesis(told, text(node), total, layer)


def best(hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Each telling once, the cheapest first."""
    found: dict[tuple[tuple[str, str], ...], Hypothesis] = {}
    for hypothesis in sorted(hypotheses, key=lambda hypothesis: hypothesis.cost):
        found.setdefault(tuple((edit.kind, edit.where) for edit in hypothesis.edits), hypothesis)
    return list(found.values())


def _shape_edit(values: Sequence[Array], wanted: Sequence[Array]) -> Edit | None:
    if all(value.shape == goal.shape for value, goal in zip(values, wanted, strict=True)):
        return None
    if all(
        goal.ndim == 2 and goal.shape == value.shape[::-1] and 1 in goal.shape
        for value, goal in zip(values, wanted, strict=True)
    ):
        return OPERATORS["transpose-result"].edit("the result")
    if all(np.squeeze(value).shape == np.squeeze(goal).shape for value, goal in zip(values, wanted, strict=True)):
        return OPERATORS["shape-squeezed"].edit("the result")
    return OPERATORS["shape-reshaped"].edit("the result")
