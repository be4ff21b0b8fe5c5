"""The gradient mixed with the quantity that it belongs to: an updated parameter, weight decay, a moving average.

For an answer v, the quantity p and the gradient g:  v = a p + b g,  with the same a and b at every sample point.
"""

from collections.abc import Iterator

import numpy as np

from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.patterns.pattern import Case, Edits, Pattern

EXACT = 1e-6


def _mixed(case: Case) -> tuple[float, float] | None:
    """a and b; None where there are none, or one of them is nothing."""
    parameter = case.known.get(case.of)
    if parameter is None or not case.same_shape():
        return None
    if any(p.shape != right.shape for p, right in zip(parameter, case.right, strict=True)):
        return None
    columns = [np.concatenate([array.reshape(-1) for array in arrays]) for arrays in (parameter, case.right)]
    wanted = np.concatenate([value.reshape(-1) for value in case.values])
    try:
        found, _, rank, _ = np.linalg.lstsq(np.stack(columns, axis=1), wanted, rcond=None)
    except np.linalg.LinAlgError:  # numbers too large to be squared
        return None
    a, b = (float(f"{number:.6g}") if abs(number) > EXACT else 0.0 for number in found)
    if rank < 2 or not a or not b:
        return None
    made = [found[0] * p + found[1] * right for p, right in zip(parameter, case.right, strict=True)]
    return (a, b) if case.matches(made) else None


def _updated(case: Case) -> Iterator[Edits]:
    if (mixed := _mixed(case)) is not None and mixed[0] == 1.0 and mixed[1] != 1.0:
        way = "against" if mixed[1] < 0 else "along"
        new = f"one step {way} the gradient (learning rate {abs(mixed[1]):g})"
        rare = 1.0 if mixed[1] == -1.0 else 0.0  # p - (p - t) is t, which was rather returned as it is
        yield (OPERATORS["updated-parameter"].edit(case.of, new=new, extra=rare),)


def _decayed(case: Case) -> Iterator[Edits]:
    if (mixed := _mixed(case)) is not None and abs(mixed[1]) == 1.0:
        new = case.of if mixed[0] == 1 else f"{mixed[0]:g} times {case.of}"
        edit = OPERATORS["weight-decay" if mixed[0] > 0 else "extra-term"].edit(case.of, new=new)
        yield (edit,) if mixed[1] > 0 else (edit, OPERATORS["sign-result"].edit("the result"))


def _averaged(case: Case) -> Iterator[Edits]:
    if (mixed := _mixed(case)) is not None and mixed[0] != 1.0 and abs(mixed[1]) != 1.0:
        new = f"{mixed[0]:g} times {case.of} plus {mixed[1]:g} times"
        yield (OPERATORS["moving-average"].edit(case.of, new=new),)


def _example(case: Case, a: float, b: float) -> list[np.ndarray] | None:
    parameter = case.known.get(case.of)
    if parameter is None or any(p.shape != g.shape for p, g in zip(parameter, case.right, strict=True)):
        return None
    return [a * p + b * g for p, g in zip(parameter, case.right, strict=True)]


PATTERNS = (
    Pattern("updated-parameter", _updated, lambda case: _example(case, 1.0, -0.05)),
    Pattern("weight-decay", _decayed, lambda case: _example(case, 0.01, 1.0)),
    Pattern("moving-average", _averaged, lambda case: _example(case, 0.9, 0.1)),
)
