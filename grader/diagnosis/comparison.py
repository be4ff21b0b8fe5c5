"""Compare an answer with a formula: sign, orientation, shape, scale.  Searches nothing."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

import numpy as np
from msgspec import Struct

from grader.diagnosis.formulas.expression import Evaluator, Node, Values, text
from grader.diagnosis.hypothesis import Edit, Hypothesis
from grader.diagnosis.operators import OPERATORS

Sizes = Sequence[dict[str, int]]
DOUBLE = 1e-9  # the tolerance of answers in double precision
_MAX_DENOMINATOR = 12


class Target(Struct, frozen=True):
    """The numbers to explain.

    Attributes:
        values: one array per sample point, all finite, not all zero.
        sizes: the size of each dimension at each sample point.
        tolerance: allowed difference, relative to the largest entry.
        shapes: those that the gradient has, where they are known.
    """

    values: Values
    sizes: list[dict[str, int]]
    tolerance: float
    shapes: Sequence[tuple[int, ...]] = ()

    @property
    def search_tolerance(self) -> float:
        """For fingerprints: a little looser, since everything found is compared entry by entry."""
        return 20 * self.tolerance


def verify(
    target: Target, node: Node, edits: tuple[Edit, ...], cost: float, evaluator: Evaluator, layer: str
) -> Hypothesis | None:
    """The hypothesis of a formula, with an edit each for a factor and a shape that differ; None where the numbers differ."""
    values = evaluator(node)
    if values is None:
        return None
    factors = []
    for value, wanted in zip(values, target.values, strict=True):
        if value.size != wanted.size:
            return None
        flat, goal = value.reshape(-1) * 1.0, wanted.reshape(-1)  # a mask has no sum of squares
        square = float(flat @ flat)
        factor = float(flat @ goal) / square if square else 0.0
        if not np.max(np.abs(goal - factor * flat)) <= target.tolerance * np.max(np.abs(goal)):
            return None
        factors.append(factor)
    if not any(factors):
        return None
    known = [(factor, size) for factor, size in zip(factors, target.sizes, strict=True) if factor]  # zero fits any
    scale = name_factors([factor for factor, _ in known], [size for _, size in known], target.tolerance)
    if scale is not None and scale.operator == "scale-steps" and (edits or _all_equal(target.values, target.tolerance)):
        return None  # beside another mistake it explains nothing; and any single number is a multiple of another
    shape = _shape_edit(values, target.values)
    lacks_term = any(edit.kind == "missing-term" for edit in edits)
    if (
        lacks_term
        and shape is not None
        and shape.operator == "shape-squeezed"
        and _is_another_shape(values, target.shapes)
    ):
        shape = None  # without a term, nothing broadcasts the rest to the right shape
    more = [edit for edit in (scale, shape) if edit is not None]
    if not edits and not more:
        return None
    made = [factor * value for factor, value in zip(factors, values, strict=True)]
    return Hypothesis((*edits, *more), text(node), cost + sum(edit.cost for edit in more), layer, values=made)


def _all_equal(values: Values, tolerance: float) -> bool:
    return all(float(np.ptp(value)) <= 2 * tolerance * float(np.max(np.abs(value))) for value in values)


def best(hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Each combination of mistakes once, the cheapest first."""
    found: dict[tuple[tuple[str, str], ...], Hypothesis] = {}
    for hypothesis in sorted(hypotheses, key=lambda hypothesis: hypothesis.cost):
        found.setdefault(tuple((edit.kind, edit.where) for edit in hypothesis.edits), hypothesis)
    return list(found.values())


def _shape_edit(values: Values, wanted: Values) -> Edit | None:
    pairs = [(value.shape, goal.shape) for value, goal in zip(values, wanted, strict=True)]
    if all(shape == goal for shape, goal in pairs):
        return None
    if all(len(goal) == 2 and goal == shape[::-1] and 1 in goal for shape, goal in pairs):
        return OPERATORS["transpose-result"].edit("the result")
    return OPERATORS["shape-squeezed" if _same_squeezed(values, wanted) else "shape-reshaped"].edit("the result")


def _is_another_shape(values: Values, shapes: Sequence[tuple[int, ...]]) -> bool:
    return bool(shapes) and any(value.shape != shape for value, shape in zip(values, shapes, strict=True))


def _same_squeezed(values: Values, others: Values) -> bool:
    return all(np.squeeze(a).shape == np.squeeze(b).shape for a, b in zip(values, others, strict=True))


def name_factors(factors: Sequence[float], sizes: Sizes, tolerance: float) -> Edit | None:
    """The edit that multiplies by these factors, one per sample point; None where all are 1."""
    if _near(factors, [1.0] * len(factors), tolerance):
        return None
    if _near(factors, [-1.0] * len(factors), tolerance):
        return OPERATORS["sign-result"].edit("the result")
    if (edit := _size(factors, sizes, tolerance)) is not None:
        return edit
    if _near(factors, [factors[0]] * len(factors), 10 * tolerance):
        # -2 times one's own wrong gradient is likelier 2 times the right one
        return OPERATORS["scale-number"].edit("the result", new=_written(factors[0]), extra=0.2 * (factors[0] < 0))
    return OPERATORS["scale-steps"].edit("the result")


def _written(factor: float) -> str:
    """A factor as people write it: 0.5, 1/3, -2/7, 0.001, 1.234."""
    simple = Fraction(factor).limit_denominator(_MAX_DENOMINATOR)
    if simple and abs(float(simple) / factor - 1) < 1e-9 and f"{factor:.4g}" != str(float(simple)):
        return str(simple)
    return f"{factor:.4g}"


def _size(factors: Sequence[float], sizes: Sizes, tolerance: float) -> Edit | None:
    """Factors that are a size of the sample point, its square root, or one over them; all may be negative."""
    minus = all(factor < 0 for factor in factors)
    plus = [-factor if minus else factor for factor in factors]
    for name in sizes[0]:
        n = [size[name] for size in sizes]
        for shown, ratio in ((f"{name} / ({name} - 1)", 1), (f"({name} - 1) / {name}", -1)):  # as for a sample variance
            if min(n) > 1 and _near(plus, [(k / (k - 1)) ** ratio for k in n], tolerance):
                return OPERATORS["scale-number"].edit(
                    "the result", new=f"{'-' * minus}{shown}", extra=0.5 + 0.2 * minus
                )
        for power, powers in ((name, n), (f"the square root of {name}", [k**0.5 for k in n])):
            shown = f"minus {power}" if minus else power
            if _near([f * p for f, p in zip(plus, powers, strict=True)], [1.0] * len(n), tolerance):
                return OPERATORS["scale-size"].edit("the result", new=shown, extra=0.2 * minus)
            if _near([f / p for f, p in zip(plus, powers, strict=True)], [1.0] * len(n), tolerance):
                return OPERATORS["scale-number"].edit("the result", new=shown, extra=0.5 + 0.2 * minus)
    for one, other in combinations(sizes[0], 2):  # a mean over both axes in place of a sum
        if _near(
            [f * size[one] * size[other] for f, size in zip(plus, sizes, strict=True)], [1.0] * len(plus), tolerance
        ):
            shown = f"{'minus ' * minus}{one} * {other}"
            return OPERATORS["scale-size"].edit("the result", new=shown, extra=0.2 + 0.2 * minus)
    return None


def _near(a: Sequence[float], b: Sequence[float], tolerance: float) -> bool:
    return all(abs(x - y) <= 10 * tolerance * abs(y) for x, y in zip(a, b, strict=True))
