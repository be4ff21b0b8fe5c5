"""The right gradients where some quantities are not taken from `s` but computed again.  Pure.

At a consistent sample point that changes nothing.  At the inconsistent one each set of recomputed quantities gives other
numbers, which shows how a file works.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

from grader.problem.model import Array, Graph
from grader.problem.points import Point
from grader.problem.reference import Reference

ALL_SUBSETS = 6  # computed quantities: where there are more of them, not every set is tried

Recomputed = frozenset[str]


def recomputed_gradients(
    graph: Graph, reference: Reference, point: Point, gradient: str, of: str
) -> tuple[dict[Recomputed, Array], dict[Recomputed, Array]]:
    """The gradient with respect to `of` for sets of recomputed quantities, as (differentiated, alike).

    `differentiated`: all that is downstream of `of` is in the set, and `of` itself is taken as given, as by a program that
    differentiates the loss.  `alike`: any set, with no regard to `of`.
    """
    computed = [name for name in graph.order if name != graph.loss]
    downstream = frozenset(graph.downstream(of)) - {graph.loss}
    sets = list(dict.fromkeys([*_sets(computed), downstream]))
    alike = {which: _evaluated(graph, reference, point, gradient, which) for which in sets}
    differentiated = {
        which - {of}: _evaluated(graph, reference, point, gradient, which - {of})
        for which in sets
        if downstream and downstream <= which
    }
    return differentiated, alike


def _sets(computed: list[str]) -> Iterator[Recomputed]:
    """None, each by itself, everything from one on, all; every set where there are few."""
    few = len(computed) <= ALL_SUBSETS
    sizes = range(len(computed) + 1) if few else (0, 1)
    for size in sizes:
        yield from map(frozenset, combinations(computed, size))
    if not few:
        yield from (frozenset(computed[k:]) for k in range(len(computed)))


def _evaluated(graph: Graph, reference: Reference, point: Point, gradient: str, which: Iterable[str]) -> Array:
    values = dict(point.values)
    for name in graph.order:
        if name in which:
            values[name] = graph.functions[name](*[values[parameter] for parameter in graph.parameters[name]])
    return reference(gradient, Point(values, point.sizes, consistent=False))[0]
