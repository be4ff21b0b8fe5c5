"""Facts about numbers that no hypothesis reproduces: what of them is right.  No guesses.

Positions and counts only: no number of the right gradient.
"""

from collections.abc import Iterator

import numpy as np

from grader.diagnosis.formulas.expression import Values
from grader.problem.assignment import Assignment
from grader.problem.model import Array

EXACT = 1e-8
FEW = 0.05
MOST_WRONG = 3
NEARLY = 0.02


def describe(assignment: Assignment, name: str, values: Values) -> list[str]:
    """What holds at every sample point."""
    right = assignment.exact[name]
    if any(value.shape != truth.shape for value, truth in zip(values, right, strict=True)):
        return list(_shapes(assignment, name, values))
    if few := [*_few_wrong(values, right)]:
        return few
    if nearly := [*_nearly_right(values, right)]:
        return nearly
    return [*_entries(values, right), *_factor(values, right), *_rank(values, right), *_clipped(values, right)]


def _few_wrong(values: Values, right: Values) -> Iterator[str]:
    """All entries but one or two are right, at every sample point."""
    wrong = [~_close(value, truth) for value, truth in zip(values, right, strict=True)]
    if not all(1 <= mask.sum() <= min(MOST_WRONG, mask.size // 3) for mask in wrong):
        return
    places = [[_index(mask, int(k)) for k in np.flatnonzero(mask)] for mask in wrong]
    shown = " and ".join(map(str, places[0]))
    if all(found == places[0] for found in places):
        yield f"all entries are right but {shown}"
        return
    count = max(len(found) for found in places)
    entries = "one is wrong" if count == 1 else f"up to {count} are wrong"
    yield f"nearly all entries are right: at each sample point {entries}, at the first one {shown}"


def _nearly_right(values: Values, right: Values) -> Iterator[str]:
    """Every entry is off by a little at most."""
    gaps = [np.abs(v - t) / np.max(np.abs(t)) for v, t in zip(values, right, strict=True) if np.any(t)]
    worst = max((float(gap.max()) for gap in gaps), default=1.0)
    if worst > NEARLY or len(gaps) < len(values):
        return
    first = gaps[0]
    where = _index(first, int(np.argmax(first)))
    yield (
        f"nearly right: no entry is off by more than {100 * worst:.2g} % of the largest, at sample point 1 most at {where};"
        " a number was rounded, or something small was added or left out"
    )


def _index(array: Array, flat: int) -> list[int]:
    return [int(i) for i in np.unravel_index(flat, array.shape)]


def _shapes(assignment: Assignment, name: str, values: Values) -> Iterator[str]:
    right = assignment.exact[name]
    if all(value.size == truth.size for value, truth in zip(values, right, strict=True)):
        ordered = [(np.sort(v.reshape(-1)), np.sort(t.reshape(-1))) for v, t in zip(values, right, strict=True)]
        if all(_close(a, b).all() for a, b in ordered):
            yield "your numbers are all right, but in the wrong places"
    if all(value.size == 1 for value in values):
        yield "you return a single number, but the gradient has one number for each entry"


def _entries(values: Values, right: Values) -> Iterator[str]:
    same = [_close(value, truth) for value, truth in zip(values, right, strict=True)]
    share = float(np.mean([mask.mean() for mask in same]))
    rows = right[0].ndim == 2 and 1 not in right[0].shape
    if share >= FEW:
        yield f"{100 * share:.0f}% of your entries are right"
    for axis, what in ((1, "rows"), (0, "columns")) if rows else ():
        whole = [mask.all(axis=axis) for mask in same]
        count = np.array([part.sum() for part in whole])
        if count.all() and not all(part.all() for part in whole):
            yield f"whole {what} are right: {int(count[0])} of {whole[0].size} at sample point 1"
    if all(_close(np.abs(value), np.abs(truth)).all() for value, truth in zip(values, right, strict=True)):
        yield "every entry has the right size, but some have the opposite sign"
    zero = [~mask & (value == 0) for mask, value in zip(same, values, strict=True)]
    if all(np.array_equal(z, ~mask) for z, mask in zip(zero, same, strict=True)) and any(z.any() for z in zero):
        yield "every wrong entry is zero"


def _factor(values: Values, right: Values) -> Iterator[str]:
    """An outer product with one right factor."""
    if right[0].ndim != 2 or 1 in right[0].shape:
        return
    if all(_proportional(value, truth) for value, truth in zip(values, right, strict=True)):
        yield "each row is the right row times a number: the factor along the rows is right, the other one is not"
    if all(_proportional(value.T, truth.T) for value, truth in zip(values, right, strict=True)):
        yield "each column is the right column times a number: the factor down the columns is right, the other one is not"


def _rank(values: Values, right: Values) -> Iterator[str]:
    if right[0].ndim != 2 or 1 in right[0].shape:
        return
    expected = {int(np.linalg.matrix_rank(truth)) for truth in right}
    found = {int(np.linalg.matrix_rank(value)) for value in values}
    if expected == {1} and 1 not in found:
        yield "this gradient is an outer product of two vectors, but your numbers are not: something was added or multiplied in"


def _clipped(values: Values, right: Values) -> Iterator[str]:
    """All wrong entries of one size, all right ones smaller."""
    limits = []
    for value, truth in zip(values, right, strict=True):
        wrong = ~_close(value, truth)
        size = np.abs(value[wrong])
        if wrong.sum() < 2 or not size.max() or np.ptp(size) > EXACT * size.max():
            return
        if np.any(np.abs(value[~wrong]) > size.max()):
            return
        limits.append(float(size.max()))
    if np.ptp(limits) <= EXACT * max(limits):
        yield "every wrong entry has the same size, and no right one is larger: your numbers look clipped"


def _proportional(value: Array, truth: Array) -> bool:
    """Whether each row of `value` is a multiple of that row of `truth`, some of them other than 1."""
    norms = np.sum(truth * truth, axis=1, keepdims=True)
    if not norms.all():
        return False
    factors = np.sum(value * truth, axis=1, keepdims=True) / norms
    return bool(_close(factors * truth, value).all() and np.any(np.abs(factors) > 0))


def _close(value: Array, truth: Array) -> Array:
    return np.asarray(np.abs(value - truth) <= EXACT * np.max(np.abs(truth), initial=0.0))
