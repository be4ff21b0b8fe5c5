"""Find the hypotheses for one wrong gradient: in layers, from the likely to the far-fetched.  Nothing where none fits.

Each layer is searched only where the ones before found nothing plain; whatever they find has been recomputed.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np

from grader.diagnosis.comparison import Target, best, verify
from grader.diagnosis.formulas.expression import Evaluator, Values
from grader.diagnosis.formulas.world import World, make_world
from grader.diagnosis.hypothesis import Hypothesis, given
from grader.diagnosis.search.compositions import compositions
from grader.diagnosis.search.inverse import added_or_multiplied, instead, returned_quantity
from grader.diagnosis.tables.tables import Formulas, Maps, Tables
from grader.problem.assignment import Assignment
from grader.problem.model import Array

PLAIN = 4.5
MOST = 24


class Finder:
    """For one assignment; keeps tables and what was evaluated."""

    def __init__(self, assignment: Assignment, tables: Tables) -> None:
        self.assignment = assignment
        self.tables = tables

    @cached_property
    def world(self) -> World:
        return make_world(self.assignment)

    @cached_property
    def evaluator(self) -> Evaluator:
        """At all sample points, with the right gradients."""
        return Evaluator(self.assignment.graph, self.world.functions, self.assignment.points, self.assignment.exact)

    def find(self, name: str, target: Target, own: Mapping[str, Values]) -> list[Hypothesis]:
        """The hypotheses for the gradient `name`, best first.

        Args:
            own: the student's own wrong gradients that it may build on, of the right shape.
        """
        found: list[Hypothesis] = []
        for layer in self._layers(name, target, own):
            found = best([*found, *layer])
            if found and (found[0].cost <= PLAIN or found[0].layer == "composition"):
                break
        return found

    def _layers(self, name: str, target: Target, own: Mapping[str, Values]) -> Iterator[list[Hypothesis]]:
        entries = self.tables.gradients[name]
        near = entries.near(target.values, target.search_tolerance, MOST)
        table = _verified(target, entries, near, self.evaluator, "table")
        quantities = returned_quantity(target, list(self.world.shapes), self.evaluator)
        yield [*self._local(name, target, own), *table, *quantities]
        yield self._inverse(name, target, own)
        for mistakes in (2, 3):
            yield compositions(target, name, self.tables, self.evaluator, mistakes)

    def _inverse(self, name: str, target: Target, own: Mapping[str, Values]) -> list[Hypothesis]:
        """Something added or multiplied in, on the student's own values and on the right ones; then what the answer is."""
        candidates, terms = self.tables.candidates, self.tables.gradients[name]
        if candidates is None:
            return []
        hypotheses = added_or_multiplied(target, name, candidates, terms, self.evaluator)
        tree, maps = self.world.local[name], self.tables.maps.get(name)
        if tree is not None and maps is not None:
            for _, upstream in self._upstream_values(maps.upstream, own):
                values = self.evaluator.with_gradients({maps.upstream: upstream})(tree)
                if values is not None:
                    evaluator = self.evaluator.with_gradients({name: values})
                    hypotheses += added_or_multiplied(target, name, candidates, terms, evaluator)
        others = {other: entries for other, entries in self.tables.gradients.items() if other != name}
        return hypotheses or instead(target, candidates, others, self.evaluator)

    def _local(self, name: str, target: Target, own: Mapping[str, Values]) -> list[Hypothesis]:
        """One mistake made on the student's own upstream gradient."""
        maps = self.tables.maps.get(name)
        if maps is None:
            return []
        hypotheses = []
        for root, upstream in self._upstream_values(maps.upstream, own):
            evaluator = self.evaluator.with_gradients({maps.upstream: upstream})
            hypotheses += [given(hypothesis, root) for hypothesis in _mapped(target, maps, upstream, evaluator)]
        return hypotheses

    def _upstream_values(self, upstream: str, own: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
        """What the student may have used for a gradient: their own, or what follows from their own ones further up; and whose."""
        if upstream in own:
            yield upstream, own[upstream]
        tree = self.world.local[upstream]
        for further in self.world.upstream(upstream):
            for root, values in self._upstream_values(further, own):
                follows = self.evaluator.with_gradients({further: values})(tree) if tree is not None else None
                if follows is not None:
                    yield root, follows


def _verified(
    target: Target, formulas: Formulas, chosen: list[int], evaluator: Evaluator, layer: str
) -> list[Hypothesis]:
    found = (verify(target, *formulas.entry(i), float(formulas.costs[i]), evaluator, layer) for i in chosen)
    return [hypothesis for hypothesis in found if hypothesis is not None]


def _mapped(target: Target, maps: Maps, own: Values, evaluator: Evaluator) -> list[Hypothesis]:
    """The hypotheses of one mistake made on the upstream gradient `own`; `evaluator` has it in place."""
    group = maps.group(tuple(value.size for value in target.values))
    if group is None or any(value.size + 1 != m.shape[2] for value, m in zip(own, group.matrices, strict=False)):
        return []
    close = np.ones(len(group), dtype=bool)
    for k, matrices in enumerate(group.matrices):
        results = matrices @ np.append(own[k].reshape(-1), 1.0)
        close &= _parallel(results, target.values[k].reshape(-1), target.search_tolerance)
    return _verified(target, group, group.cheapest(np.nonzero(close)[0], MOST), evaluator, "local")


def _parallel(results: Array, wanted: Array, tolerance: float) -> Array:
    """Which rows of `results` (N, n) are multiples of `wanted` (n,)."""
    length = float(wanted @ wanted)
    if not length:
        return np.ones(len(results), dtype=bool)
    along = (results @ wanted) / length
    rest = np.linalg.norm(results - along[:, None] * wanted, axis=1)
    return np.asarray(rest <= tolerance * np.maximum(np.linalg.norm(results, axis=1), 1e-300))
