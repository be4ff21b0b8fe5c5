"""The right numbers with a limit: each entry clipped, or the whole array scaled down to a norm."""

from collections.abc import Iterator

import numpy as np

from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.patterns.pattern import Case, Edits, Pattern

LEAST_CLIPPED = 2  # of all sample points together: one may be chance


def _by_value(case: Case) -> Iterator[Edits]:
    """Between -c and c, with the same c at every sample point."""
    if not case.same_shape():
        return
    limit = max(float(np.max(np.abs(value))) for value in case.values)
    made = [np.clip(right, -limit, limit) for right in case.right]
    clipped = sum(int((np.abs(right) > limit * (1 + case.tolerance)).sum()) for right in case.right)
    if clipped >= LEAST_CLIPPED and case.matches(made):
        yield (OPERATORS["clipped-values"].edit("the result", new=f"between -{limit:g} and {limit:g}"),)


def _one_sided(case: Case) -> Iterator[Edits]:
    if case.same_shape():
        for what, made in (
            ("negative", [np.maximum(right, 0) for right in case.right]),
            ("positive", [np.minimum(right, 0) for right in case.right]),
        ):
            if case.matches(made):
                yield (OPERATORS["one-sided"].edit("the result", new=what),)


def _by_norm(case: Case) -> Iterator[Edits]:
    """Scaled down to the norm c wherever that is exceeded, with the same c at every sample point."""
    of_right = [float(np.linalg.norm(right)) for right in case.right]
    if not case.same_shape() or not all(of_right):  # a norm is 0 where its squares are too small for a number, too
        return
    limit = max(float(np.linalg.norm(value)) for value in case.values)
    scaled = [limit < norm * (1 - case.tolerance) for norm in of_right]
    made = [right * min(1.0, limit / norm) for right, norm in zip(case.right, of_right, strict=True)]
    if all(scaled) and abs(limit - 1) <= case.tolerance:
        return  # divided by its norm
    if sum(scaled) >= LEAST_CLIPPED and case.matches(made):
        yield (OPERATORS["clipped-norm"].edit("the result", new=f"{limit:g}"),)


def _several(case: Case) -> bool:
    return min(right.size for right in case.right) > 1


def _clipped_example(case: Case) -> list[np.ndarray] | None:
    limit = 0.5 * min(float(np.max(np.abs(right))) for right in case.right)
    return [np.clip(right, -limit, limit) for right in case.right] if _several(case) else None


def _norm_example(case: Case) -> list[np.ndarray] | None:
    limit = sorted(float(np.linalg.norm(right)) for right in case.right)[-2] * 0.9
    return [right * min(1.0, limit / float(np.linalg.norm(right))) for right in case.right] if _several(case) else None


PATTERNS = (
    Pattern("clipped-values", _by_value, _clipped_example),
    Pattern(
        "one-sided",
        _one_sided,
        lambda case: [np.maximum(right, 0) for right in case.right] if any((r < 0).any() for r in case.right) else None,
    ),
    Pattern("clipped-norm", _by_norm, _norm_example),
)
