"""Propagated errors: a wrong gradient that is right given the student's own wrong ones.

The reference formula is evaluated with the student's own upstream gradients in place of the right ones.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, combinations, islice
from typing import Any

import msgspec
import numpy as np

from grader.checks.check import PASSED, Verdicts
from grader.checks.fresh import MARGIN, Fresh
from grader.checks.given import error_given
from grader.checks.trivial import find_trivial
from grader.problem.assignment import Assignment
from grader.problem.model import Array
from grader.problem.points import Point

MAX_COMBINATIONS = 64
LEAST = 1e-100

# An upstream gradient as a formula can take it, given its right shape.
Arrange = Callable[[Array, tuple[int, ...]], Array]


class Propagated(msgspec.Struct, frozen=True):
    """A gradient that follows from the student's own.

    Attributes:
        sources: the student's gradients that the reference was evaluated with.
        roots: the ones to fix.
        error: the largest relative error over the sample points.
        substituted: random arrays stood in for some of the sources, which gave no numbers.
    """

    sources: list[str]
    roots: list[str]
    error: float = 0.0
    substituted: bool = False


def find_propagated(
    assignment: Assignment,
    verdicts_of: Mapping[str, Verdicts],
    returned: Mapping[str, list[Array]],
    single: set[str],
    fresh: Fresh | None = None,
) -> dict[str, Propagated]:
    """The failed gradients that are right given other gradients of the student's that are wrong.

    Of the wrong ones only genuine attempts count: real, finite numbers that are not trivial, in an array that `fits`.

    Args:
        returned: the finite real answers, of whatever shape, in the direction of the loss.
        single: the gradients answered in float32.
        fresh: the answers at the file's own sample point, where what follows must follow, too.
    """
    wrong = {name: values for name, values in returned.items() if not verdicts_of[name].passed}
    genuine = {
        name: values for name, values in wrong.items() if not find_trivial(values) and fits(assignment, name, values)
    }
    return trace_back(assignment, genuine, genuine, single, fresh)


def as_exact_as_single(
    assignment: Assignment, verdicts_of: Mapping[str, Verdicts], single: set[str]
) -> dict[str, Verdicts]:
    """New verdicts on the gradients in double precision that the reference gives from the student's own right ones in float32.

    They have no more digits than those allow: where float32 is accepted, that is no mistake.
    """
    values = {name: one.values for name, one in verdicts_of.items() if one.values is not None}
    accepted = {name: found for name, found in values.items() if name in single and verdicts_of[name].passed}
    coarse = {name: found for name, found in values.items() if not verdicts_of[name].passed}
    if not accepted or not coarse:
        return {}
    exact = trace_back(assignment, coarse, accepted, set())
    return {name: Verdicts(verdicts_of[name].shape, PASSED, PASSED, coarse[name]) for name in exact}


def trace_back(
    assignment: Assignment,
    answers: Mapping[str, list[Array]],
    own: Mapping[str, list[Array]],
    single: set[str],
    fresh: Fresh | None = None,
) -> dict[str, Propagated]:
    """Which of `answers` the reference gives with some of the student's `own` wrong gradients in place of the right ones."""
    propagated: dict[str, Propagated] = {}
    for name in sorted(answers, key=lambda name: len(assignment.ancestors[name])):
        usable = [other for other in assignment.ancestors[name] if other in own and _of_usual_size(own[other])]
        if not usable:
            continue
        config = assignment.config.checks.reference
        loose = config.float32 == "accept" and single.intersection([name, *usable])
        tolerance = config.float32_tolerance if loose else config.tolerance
        wrong = {other: own[other] for other in usable}
        sources, error = matching(assignment, name, answers[name], wrong, tolerance, fresh)
        if sources:
            roots = {
                root for source in sources for root in (propagated[source].roots if source in propagated else [source])
            }
            propagated[name] = Propagated(in_order(assignment, sources), in_order(assignment, roots), error)
    return propagated


def fits(assignment: Assignment, name: str, values: Sequence[Array]) -> bool:
    """Whether arrays may have been meant for a gradient: they have as many entries, or numpy can broadcast one to the other."""
    for value, right, point in zip(values, assignment.exact[name], assignment.points, strict=True):
        if value.size == right.size:
            continue
        if not made_of_sizes(value, right, point):
            return False
        try:
            np.broadcast_shapes(value.shape, right.shape)
        except ValueError:
            return False
    return True


def made_of_sizes(value: Array, right: Array, point: Point) -> bool:
    """Whether all axes of an array have sizes of the sample point, so that what is computed from it stays small."""
    return value.ndim <= right.ndim and {1, *point.sizes.values()}.issuperset(value.shape)


def _of_usual_size(values: list[Array]) -> bool:
    """Of 1e-320 hardly a digit is left, and any factor between 0.5 and 1.5 gives the same: such numbers prove nothing.

    Exactly zero at some sample points is usual: a sum may cancel there, or a unit be switched off.
    """
    return all(not np.any(value) or float(np.max(np.abs(value))) > LEAST for value in values)


def matching(
    assignment: Assignment,
    name: str,
    values: list[Array],
    own: Mapping[str, list[Array]],
    tolerance: float,
    fresh: Fresh | None = None,
) -> tuple[frozenset[str], float]:
    """The nearest set of upstream gradients with which the reference gives exactly `values`, and the largest relative error."""
    for arrange in (_as_returned, _straightened, _dotted):
        arranged = {
            other: [
                arrange(v, point.shape(assignment.shapes[other]))
                for v, point in zip(found, assignment.points, strict=True)
            ]
            for other, found in own.items()
        }
        changed = any(new is not old for other in own for new, old in zip(arranged[other], own[other], strict=True))
        if arrange is not _as_returned and not changed:
            continue
        # Single names first, the nearest first; then pairs, and so on.
        every = chain.from_iterable(combinations(own, size) for size in range(1, len(own) + 1))
        for names in islice(every, MAX_COMBINATIONS):
            largest, nonzero = 0.0, False  # nonzero at one point at least: zeros follow from any zeros
            for k, point in enumerate(assignment.points):
                upstream = {other: arranged[other][k] for other in names}
                error = error_given(assignment, name, point, upstream, values[k])
                if not error <= tolerance:
                    break
                largest, nonzero = max(largest, error), nonzero or bool(np.any(values[k]))
            else:
                if nonzero and _follows_afresh(assignment, name, names, arrange, tolerance, fresh):
                    return frozenset(names), largest
    return frozenset(), 0.0


def _follows_afresh(
    assignment: Assignment, name: str, names: Sequence[str], arrange: Arrange, tolerance: float, fresh: Fresh | None
) -> bool:
    """Whether the student's answer follows from the same gradients at the file's own sample point, too; zeros do not."""
    if fresh is None:
        return True
    own = {
        other: arrange(value, fresh.point.shape(assignment.shapes[other]))
        for other in names
        if (value := fresh.returned(other)) is not None
    }
    mine, allowed = fresh.returned(name), MARGIN * tolerance
    if mine is None or not np.any(mine) or len(own) < len(names):
        return False
    return error_given(assignment, name, fresh.point, own, mine) <= allowed


def _as_returned(value: Array, right: tuple[int, ...]) -> Array:
    return value


def _straightened(value: Array, right: tuple[int, ...]) -> Array:
    """In the right shape if only axes of length 1 are lost or gained: `np.outer` takes (n,) where @ does not."""
    lost = value.shape != right and [n for n in value.shape if n != 1] == [n for n in right if n != 1]
    return value.reshape(right) if lost else value


def _dotted(value: Array, right: tuple[int, ...]) -> Array:
    """A single number for a reference that uses @ where a student may have used np.dot."""
    return value.view(_Dotted) if value.ndim == 0 else value


class _Dotted(np.ndarray[Any, Any]):
    """A single number that @ multiplies by, as np.dot does."""

    def __matmul__(self, other: Array) -> Array:  # type: ignore[override]
        return np.asarray(np.dot(self, other))

    def __rmatmul__(self, other: Array) -> Array:  # type: ignore[override]
        return np.asarray(np.dot(other, self))


def in_order(assignment: Assignment, names: frozenset[str] | set[str]) -> list[str]:
    return [name for name in assignment.names if name in names]
