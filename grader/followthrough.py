"""Errors carried forward: a wrong gradient that is right given the student's own wrong ones.  Pure.

The reference formula is evaluated with the student's own upstream gradients in place of the right ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from grader.assignment import Assignment
from grader.derivatives import relative_error
from grader.errors import ConfigError
from grader.graph import Array
from grader.judge import Judgement, find_trivial
from grader.steps import Step

MAX_COMBINATIONS = 64
LEAST = 1e-100


@dataclass(frozen=True)
class Carried:
    """A gradient that follows from the student's own: `sources` were put in place, `roots` are the ones to mend."""

    sources: list[str]
    roots: list[str]


def find_carried(
    assignment: Assignment,
    judgements: Mapping[str, Judgement],
    returned: Mapping[str, list[Array]],
    single: set[str],
) -> dict[str, Carried]:
    """The failed gradients that are right given others of the student's that are wrong.

    Only wrong answers are built on, right ones are the reference's own; and of these only genuine attempts: real, finite
    numbers that are not trivial, in an array that `fits` says could be meant for the gradient.

    Args:
        returned: the finite real answers, of whatever shape, in the direction of the loss.
        single: the gradients answered in float32.
    """
    wrong = {name: values for name, values in returned.items() if not judgements[name].passed}
    genuine = {
        name: values for name, values in wrong.items() if not find_trivial(values) and fits(assignment, name, values)
    }
    return trace_back(assignment, genuine, genuine, single)


def trace_back(
    assignment: Assignment, answers: Mapping[str, list[Array]], own: Mapping[str, list[Array]], single: set[str]
) -> dict[str, Carried]:
    """Which of `answers` the reference gives with some of the student's `own` wrong gradients in place of the right ones."""
    carried: dict[str, Carried] = {}
    for name in sorted(answers, key=lambda name: len(assignment.ancestors[name])):
        usable = [other for other in assignment.ancestors[name] if other in own and _of_usual_size(own[other])]
        if not usable:
            continue
        config = assignment.config.checks.reference
        loose = config.float32 == "accept" and single.intersection([name, *usable])
        tolerance = config.float32_tolerance if loose else config.tolerance
        sources = _matching(assignment, name, answers[name], {other: own[other] for other in usable}, tolerance)
        if sources:
            roots = {root for source in sources for root in (carried[source].roots if source in carried else [source])}
            carried[name] = Carried(in_order(assignment, sources), in_order(assignment, roots))
    return carried


def fits(assignment: Assignment, name: str, values: Sequence[Array]) -> bool:
    """Whether arrays may have been meant for a gradient: of its shape, its entries arranged otherwise, or of a shape that
    numpy repeats to fit, or fits to by repeating."""
    for value, right, step in zip(values, assignment.exact[name], assignment.steps, strict=True):
        if value.size == right.size:
            continue
        if not made_of_sizes(value, right, step):
            return False
        try:
            np.broadcast_shapes(value.shape, right.shape)
        except ValueError:
            return False
    return True


def made_of_sizes(value: Array, right: Array, step: Step) -> bool:
    """Whether the axes of an array are ones that the step has: what is computed from it is then as small as any of ours."""
    return value.ndim <= right.ndim and {1, *step.sizes.values()}.issuperset(value.shape)


def _of_usual_size(values: list[Array]) -> bool:
    """Of 1e-320 hardly a digit is left, and any factor between 0.5 and 1.5 gives the same: nothing can be told from that."""
    return all(np.max(np.abs(value)) > LEAST for value in values)


def _matching(
    assignment: Assignment, name: str, values: list[Array], own: Mapping[str, list[Array]], tolerance: float
) -> frozenset[str]:
    """The nearest set of upstream gradients with which the reference gives exactly `values`, shape and all."""
    for arranged in (own, _straightened(assignment, own), _dotted(own)):
        for names in _combinations(list(arranged)):
            for k, step in enumerate(assignment.steps):
                value = given(assignment, name, step, {other: arranged[other][k] for other in names})
                if value is None or value.shape != values[k].shape:
                    break
                if not (relative_error(value, values[k]) <= tolerance and np.any(value)):
                    break
            else:
                return frozenset(names)
    return frozenset()


def given(assignment: Assignment, name: str, step: Step, own: Mapping[str, Array]) -> Array | None:
    """The reference formula of a gradient on the student's own upstream gradients; None where it does not use them all,
    or cannot be evaluated with such arrays."""
    if assignment.reference is None:
        return None
    try:
        value, used = assignment.reference(name, step, own)
    except ConfigError:  # it runs on the right gradients: on arrays of other shapes it need not
        return None
    return value if used == frozenset(own) else None


def _straightened(assignment: Assignment, own: Mapping[str, list[Array]]) -> dict[str, list[Array]]:
    """Those whose shape differs by axes of length 1 only, in the right shape: `np.outer` takes (n,) where @ does not."""
    found = {}
    for name, values in own.items():
        rights = assignment.exact[name]
        pairs = list(zip(values, rights, strict=True))
        if any(v.shape != r.shape for v, r in pairs) and all(
            np.squeeze(v).shape == np.squeeze(r).shape for v, r in pairs
        ):
            found[name] = [v.reshape(r.shape) for v, r in pairs]
    return {**own, **found} if found else {}


class _Dotted(np.ndarray[Any, Any]):
    """A single number that may stand beside @, as it may in np.dot: it multiplies."""

    def __matmul__(self, other: Array) -> Array:  # type: ignore[override]
        return np.asarray(np.dot(self, other))

    def __rmatmul__(self, other: Array) -> Array:  # type: ignore[override]
        return np.asarray(np.dot(other, self))


def _dotted(own: Mapping[str, list[Array]]) -> dict[str, list[Array]]:
    """Single numbers for a reference that writes @ where a student may have written np.dot."""
    numbers: dict[str, list[Array]] = {
        name: [v.view(_Dotted) for v in values] for name, values in own.items() if values[0].ndim == 0
    }
    return {**own, **numbers} if numbers else {}


def _combinations(names: list[str]) -> Iterator[tuple[str, ...]]:
    """Single names first, the nearest first; then pairs, and so on, so many at most."""
    count = 0
    for size in range(1, len(names) + 1):
        for chosen in combinations(names, size):
            yield chosen
            count += 1
            if count == MAX_COMBINATIONS:
                return


def in_order(assignment: Assignment, names: frozenset[str] | set[str]) -> list[str]:
    return [name for name in assignment.names if name in names]
