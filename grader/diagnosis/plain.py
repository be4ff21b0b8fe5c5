"""What can be said by comparing an answer with the right gradient alone: sign, orientation, shape, scale.  Needs no solution.

The right gradient may be the solution's or a numerical one; the caller says how exact it is.
"""

from collections.abc import Sequence

import numpy as np

from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.story import Edit, Explanation, Story
from grader.diagnosis.target import Target
from grader.graph import Array
from grader.result import Diagnosis

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
    for name in sizes[0]:
        n = [size[name] for size in sizes]
        for text, powers in ((name, n), (f"the square root of {name}", [k**0.5 for k in n])):
            if _near([f * p for f, p in zip(factors, powers, strict=True)], [1.0] * len(n), tolerance):
                return OPERATORS["scale-size"].edit("the result", new=text)
            if _near([f / p for f, p in zip(factors, powers, strict=True)], [1.0] * len(n), tolerance):
                return OPERATORS["scale-number"].edit("the result", new=text, extra=0.5)
    if _near(factors, [factors[0]] * len(factors), 10 * tolerance):
        return OPERATORS["scale-number"].edit("the result", new=f"{factors[0]:.4g}")
    return OPERATORS["scale-steps"].edit("the result")


def _near(a: Sequence[float], b: Sequence[float], tolerance: float) -> bool:
    return all(abs(x - y) <= 10 * tolerance * abs(y) for x, y in zip(a, b, strict=True))


def explain_plainly(target: Target, right: Stack, properties: list[str]) -> Explanation:
    """Without a solution: what one number or one rearrangement of the numerical gradient explains."""
    for arranged, edits in arrangements(target.values, right):
        scale = scale_edit(arranged, right, target.sizes, target.tolerance)
        if scale is None and not (edits and same(arranged, right, target.tolerance)):
            continue
        told = (*edits, *([scale] if scale else []))
        story = Story(told, "", sum(edit.cost for edit in told), "plain")
        operators = tuple(edit.operator for edit in told)
        note = "+".join(f"{edit.operator}:{edit.where}" for edit in told)
        return Explanation(Diagnosis("exact", story.mistakes()), operators, (story,), note)
    return Explanation(Diagnosis("none", properties=properties), note="none")
