"""Errors carried forward: a wrong gradient that is right given the student's own wrong ones.  Pure.

The reference formula is evaluated with the student's own upstream gradients in place of the right ones.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from grader.assignment import Assignment
from grader.derivatives import relative_error
from grader.fresh import Fresh
from grader.graph import Array
from grader.judge import Judgement

MAX_COMBINATIONS = 64
LEAST = 1e-100


@dataclass(frozen=True)
class Carried:
    """A gradient that follows from the student's own: `sources` were put in place, `roots` are the ones to fix.

    Attributes:
        error: the largest relative error over the steps.
    """

    sources: list[str]
    roots: list[str]
    error: float = 0.0


def find_carried(
    assignment: Assignment, judgements: Mapping[str, Judgement], single: set[str], fresh: Fresh | None = None
) -> dict[str, Carried]:
    """The failed gradients that are right given others of the student's that are wrong.

    Only answers of the right shape with real, finite numbers that are not trivial are built on, and only wrong ones:
    right ones are the reference's own.

    Args:
        single: the gradients answered in float32.
        fresh: the answers at the file's own step, where what follows must follow too.
    """
    carried: dict[str, Carried] = {}
    wrong = {name: judgement.values for name, judgement in judgements.items() if not judgement.passed}
    for name in sorted(wrong, key=lambda name: len(assignment.ancestors[name])):
        values = wrong[name]
        usable = [other for other in assignment.ancestors[name] if _of_usual_size(wrong.get(other))]
        if values is None or not usable:
            continue
        config = assignment.config.checks.reference
        loose = config.float32 == "accept" and single.intersection([name, *usable])
        tolerance = config.float32_tolerance if loose else config.tolerance
        sources, error = _matching(assignment, name, values, {other: wrong[other] or [] for other in usable}, tolerance)
        if sources and (fresh is None or fresh.confirms(name, sources)):
            roots = {root for source in sources for root in (carried[source].roots if source in carried else [source])}
            carried[name] = Carried(_in_order(assignment, sources), _in_order(assignment, roots), error)
    return carried


def _of_usual_size(values: list[Array] | None) -> bool:
    """Of 1e-320 hardly a digit is left, and any factor between 0.5 and 1.5 gives the same: nothing can be told from that.

    Exactly zero at some points is usual: a sum may cancel there, or a unit be switched off.
    """
    if values is None:
        return False
    sizes = [float(np.max(np.abs(value), initial=0.0)) for value in values]
    return all(size == 0.0 or size > LEAST for size in sizes)


def _matching(
    assignment: Assignment, name: str, values: list[Array], own: Mapping[str, list[Array]], tolerance: float
) -> tuple[frozenset[str], float]:
    """The nearest set of upstream gradients with which the reference gives exactly `values`, and the largest relative error."""
    reference = assignment.reference
    if reference is None:
        return frozenset(), 0.0
    for names in _combinations(list(own)):
        used: frozenset[str] = frozenset()
        largest, nonzero = 0.0, False  # nonzero at one point at least: zeros follow from any zeros
        for k, step in enumerate(assignment.steps):
            value, used = reference(name, step, {other: own[other][k] for other in names})
            error = relative_error(value, values[k])
            if used != frozenset(names) or not error <= tolerance:
                break
            largest, nonzero = max(largest, error), nonzero or bool(np.any(value))
        else:
            if nonzero:
                return used, largest
    return frozenset(), 0.0


def _combinations(names: list[str]) -> Iterator[tuple[str, ...]]:
    """Single names first, the nearest first; then pairs, and so on, so many at most."""
    count = 0
    for size in range(1, len(names) + 1):
        for chosen in combinations(names, size):
            yield chosen
            count += 1
            if count == MAX_COMBINATIONS:
                return


def _in_order(assignment: Assignment, names: frozenset[str] | set[str]) -> list[str]:
    return [name for name in assignment.names if name in names]
