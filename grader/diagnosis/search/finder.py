"""Find the stories of one wrong gradient: the layers, from the likely to the far-fetched.  Silent where none fits.

Each layer is asked only where the ones before found nothing that is plain; whatever they find has been recomputed.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

from grader.diagnosis.formulas.expression import Evaluator, Values
from grader.diagnosis.formulas.world import World, make_world
from grader.diagnosis.hypothesis import Hypothesis, given
from grader.diagnosis.search.compositions import compositions
from grader.diagnosis.search.inverse import added_or_multiplied, concept, quantity
from grader.diagnosis.search.lookup import look_up, look_up_local
from grader.diagnosis.tables.tables import Tables
from grader.diagnosis.target import Target
from grader.diagnosis.verify import best
from grader.problem.assignment import Assignment

PLAIN = 4.5


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
        """At all steps, with the right gradients."""
        return Evaluator(self.assignment.graph, self.world.functions, self.assignment.points, self.assignment.exact)

    def find(self, name: str, target: Target, own: Mapping[str, Values]) -> list[Hypothesis]:
        """The stories of the gradient `name`, best first.

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
        submitted = quantity(target, list(self.world.shapes), self.evaluator)
        yield [*self._local(name, target, own), *self._table(name, target), *submitted]
        yield self._inverse(name, target, own)
        for mistakes in (2, 3):
            yield compositions(target, name, self.tables, self.evaluator, mistakes)

    def _table(self, name: str, target: Target) -> list[Hypothesis]:
        return look_up(target, self.tables.gradients[name], self._probes, self.evaluator, "table")

    def _inverse(self, name: str, target: Target, own: Mapping[str, Values]) -> list[Hypothesis]:
        """Something added or multiplied in, on the student's own values and on the right ones; then what the answer is."""
        bank, terms = self.tables.bank, self.tables.gradients[name]
        if bank is None:
            return []
        hypotheses = added_or_multiplied(target, name, bank, terms, self.evaluator, self._probes)
        tree, maps = self.world.local[name], self.tables.maps.get(name)
        if tree is not None and maps is not None:
            for _, upstream in self._upstream_values(maps.upstream, own):
                values = self.evaluator.with_gradients({maps.upstream: upstream})(tree)
                if values is not None:
                    evaluator = self.evaluator.with_gradients({name: values})
                    hypotheses += added_or_multiplied(target, name, bank, terms, evaluator, self._probes)
        others = [(other, entries) for other, entries in self.tables.gradients.items() if other != name]
        return hypotheses or concept(target, bank, others, self.evaluator, self._probes)

    def _local(self, name: str, target: Target, own: Mapping[str, Values]) -> list[Hypothesis]:
        maps = self.tables.maps.get(name)
        if maps is None:
            return []
        hypotheses = []
        for root, upstream in self._upstream_values(maps.upstream, own):
            evaluator = self.evaluator.with_gradients({maps.upstream: upstream})
            hypotheses += [given(hypothesis, root) for hypothesis in look_up_local(target, maps, upstream, evaluator)]
        return hypotheses

    def _upstream_values(self, upstream: str, own: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
        """What the student may have used for a gradient: their own, or what follows from their own ones further up, and whose."""
        if upstream in own:
            yield upstream, own[upstream]
        tree = self.world.local[upstream]
        for further in self.world.upstream(upstream):
            for root, values in self._upstream_values(further, own):
                follows = self.evaluator.with_gradients({further: values})(tree) if tree is not None else None
                if follows is not None:
                    yield root, follows

    @property
    def _probes(self) -> int:
        return len(self.world.evaluator.points)
