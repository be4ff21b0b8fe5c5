"""What can be said by comparing an answer with the right gradient alone: sign, orientation, shape, scale.  Needs no solution.

The right gradient may be the solution's or a numerical one; the caller says how exact it is.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from grader.diagnosis.hypothesis import Edit, Explanation, Hypothesis, in_order
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.target import Target
from grader.problem.model import Array
from grader.records.result import Certainty, Diagnosis

Stack = Sequence[Array]


def same(a: Stack, b: Stack, tolerance: float) -> bool:
    """Equal shapes, and equal to `tolerance` of the largest entry, at every step."""
    return all(
        x.shape == y.shape and bool(np.max(np.abs(x - y), initial=0.0) <= tolerance * np.max(np.abs(y), initial=0.0))
        for x, y in zip(a, b, strict=True)
    )


def arrangements(values: Stack, right: Stack) -> list[tuple[list[Array], tuple[Edit, ...]]]:
    """The ways to read `values` as arrays of the shape of `right`: as they are, transposed, squeezed, reshaped."""
    if any(value.size != truth.size for value, truth in zip(values, right, strict=True)):
        return []
    straight = [value.reshape(truth.shape) for value, truth in zip(values, right, strict=True)]
    across = [value.reshape(truth.shape[::-1]).T for value, truth in zip(values, right, strict=True)]
    row = all(truth.ndim == 2 and 1 in truth.shape for truth in right)
    found: list[tuple[list[Array], tuple[Edit, ...]]] = []
    if all(value.shape == truth.shape for value, truth in zip(values, right, strict=True)):
        found.append((straight, ()))
        if not row:
            square = all(truth.shape == truth.shape[::-1] for truth in right)
            turned = "transpose-result" if square else "transpose-reshape"
            found.append((across, (OPERATORS[turned].edit("the result"),)))
    elif all(value.shape == truth.shape[::-1] for value, truth in zip(values, right, strict=True)):
        found.append((across, (OPERATORS["transpose-result"].edit("the result"),)))
        if not row:
            found.append((straight, (OPERATORS["shape-reshaped"].edit("the result"),)))
    elif all(np.squeeze(v).shape == np.squeeze(t).shape for v, t in zip(values, right, strict=True)):
        found.append((straight, (OPERATORS["shape-squeezed"].edit("the result"),)))
    else:
        found.append((straight, (OPERATORS["shape-reshaped"].edit("the result"),)))
        if not row:
            found.append((across, (OPERATORS["transpose-reshape"].edit("the result"),)))
    return found


def scale_edit(values: Stack, base: Stack, sizes: Sequence[dict[str, int]], tolerance: float) -> Edit | None:
    """The edit that turns `base` into `values` by one number per step, where there is such a number other than 1."""
    factors = []
    for value, other in zip(values, base, strict=True):
        square = float(np.vdot(other, other))
        if square == 0.0:
            return None
        factor = float(np.vdot(other, value)) / square
        if factor == 0.0 or np.max(np.abs(value - factor * other)) > tolerance * np.max(np.abs(value)):
            return None
        factors.append(factor)
    return name_factors(factors, sizes, tolerance)


def name_factors(factors: Sequence[float], sizes: Sequence[dict[str, int]], tolerance: float) -> Edit | None:
    """What factors, one per step, are called; None where all are 1."""
    if _near(factors, [1.0] * len(factors), tolerance):
        return None
    if _near(factors, [-1.0] * len(factors), tolerance):
        return OPERATORS["sign-result"].edit("the result")
    if (edit := _size(factors, sizes, tolerance)) is not None:
        return edit
    if _near(factors, [factors[0]] * len(factors), 10 * tolerance):
        # -2 times one's own wrong gradient is likelier 2 times the right one
        return OPERATORS["scale-number"].edit("the result", new=f"{factors[0]:.4g}", extra=0.2 * (factors[0] < 0))
    return OPERATORS["scale-steps"].edit("the result")


def _size(factors: Sequence[float], sizes: Sequence[dict[str, int]], tolerance: float) -> Edit | None:
    """Factors that are a size of the step, its square root, or one over them; all may be negative."""
    minus = all(factor < 0 for factor in factors)
    plus = [-factor if minus else factor for factor in factors]
    for name in sizes[0]:
        n = [size[name] for size in sizes]
        for text, powers in ((name, n), (f"the square root of {name}", [k**0.5 for k in n])):
            shown = f"minus {text}" if minus else text
            if _near([f * p for f, p in zip(plus, powers, strict=True)], [1.0] * len(n), tolerance):
                return OPERATORS["scale-size"].edit("the result", new=shown, extra=0.2 * minus)
            if _near([f / p for f, p in zip(plus, powers, strict=True)], [1.0] * len(n), tolerance):
                return OPERATORS["scale-number"].edit("the result", new=shown, extra=0.5 + 0.2 * minus)
    return None


def _near(a: Sequence[float], b: Sequence[float], tolerance: float) -> bool:
    return all(abs(x - y) <= 10 * tolerance * abs(y) for x, y in zip(a, b, strict=True))


def explain_plainly(target: Target, right: Stack, known: Mapping[str, Stack], properties: list[str]) -> Explanation:
    """Without a solution: what one number, one rearrangement or one quantity explains.

    Args:
        known: quantities and other gradients by name, which may have been added, multiplied in, or handed in.
    """
    for arranged, edits in arrangements(target.values, right):
        scale = scale_edit(arranged, right, target.sizes, target.tolerance)
        if scale is not None or (edits and same(arranged, right, target.tolerance)):
            return _told("exact", (*edits, *([scale] if scale else [])))
        for name, values in known.items():
            edit = _one_quantity(arranged, right, name, values, 10 * target.tolerance)
            if edit is not None:
                return _told("observation" if edit.operator == "wrong-result" else "exact", (*edits, edit))
    return Explanation(Diagnosis("none", properties=properties), note="none")


def _told(certainty: Certainty, edits: tuple[Edit, ...]) -> Explanation:
    edits = in_order(edits)
    hypothesis = Hypothesis(edits, "", sum(edit.cost for edit in edits), "plain")
    note = "+".join(f"{edit.operator}:{edit.where}" for edit in edits)
    return Explanation(
        Diagnosis(certainty, hypothesis.mistakes()), tuple(edit.operator for edit in edits), (hypothesis,), note
    )


def _one_quantity(values: Stack, right: Stack, name: str, known: Stack, tolerance: float) -> Edit | None:
    """`known` handed in, added, or multiplied in entry by entry."""
    if any(value.shape != other.shape for value, other in zip(values, known, strict=True)):
        return None
    if same(values, known, tolerance):
        return OPERATORS["wrong-result"].edit("the result", new=name)
    if same(values, [truth + other for truth, other in zip(right, known, strict=True)], tolerance):
        return OPERATORS["extra-term"].edit(name, new=name)
    if same(values, [truth * other for truth, other in zip(right, known, strict=True)], tolerance):
        return OPERATORS["extra-factor"].edit(name, new=name)
    return None
