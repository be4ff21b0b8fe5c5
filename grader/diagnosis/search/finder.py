"""Find the hypotheses for one wrong gradient: in layers, from the likely to the far-fetched.  Nothing where none fits.

Each layer is searched only where the ones before found nothing plain; whatever they find has been recomputed.  The inverse layer
looks up the difference from the right value, or the quotient, among the candidates: what was added or multiplied in.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from grader.diagnosis.comparison import Target, best, verify
from grader.diagnosis.formulas.expression import (
    Evaluator,
    Node,
    Values,
    add,
    gradient_text,
    leaves,
    mul,
    number,
    text,
)
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Hypothesis, given
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.patterns.catalog import CHEAPEST
from grader.diagnosis.patterns.informula import ChangedFormulas
from grader.diagnosis.search.compositions import compositions
from grader.diagnosis.search.instead import WRONG_RESULT, beyond, instead, left_out, returned_quantity, single_edit
from grader.diagnosis.search.maps import MAPPED, Level, Maps
from grader.diagnosis.search.terms import on_several, weighted
from grader.diagnosis.search.twoterms import SECOND_MISTAKE, WrongTerms
from grader.diagnosis.tables.build import Tables
from grader.diagnosis.tables.candidates import Candidates
from grader.diagnosis.tables.projections import Sought, angles_of
from grader.diagnosis.tables.tables import Entry
from grader.problem.assignment import Assignment

PLAIN = 4.5
MOST = 24
MOST_MULTIPLES, MOST_OF_OTHERS = 12, 3
SMALLEST_PART = 1e-8


class Finder:
    """For one assignment; keeps tables and what was evaluated."""

    def __init__(self, assignment: Assignment, tables: Tables) -> None:
        self.assignment = assignment
        self.tables = tables
        self._changed: dict[tuple[str, bool], ChangedFormulas] = {}
        self._wrong_terms: dict[str, WrongTerms] = {}

    @property
    def world(self) -> World:
        return self.tables.world

    @cached_property
    def maps(self) -> Maps:
        return Maps(self.tables)

    @cached_property
    def candidates(self) -> Candidates:
        return Candidates(self.world)

    @cached_property
    def evaluator(self) -> Evaluator:
        """At all sample points, with the right gradients."""
        return Evaluator(self.assignment.graph, self.world.functions, self.assignment.points, self.assignment.exact)

    def find(
        self, name: str, target: Target, own: Mapping[str, Values], patterns: Callable[[], list[Hypothesis]]
    ) -> list[Hypothesis]:
        """The hypotheses for the gradient `name`, best first.

        Args:
            own: the student's own wrong gradients that it may build on, of the right shape.
            patterns: gives the hypotheses from the numbers alone.
        """
        found: list[Hypothesis] = []
        for is_enough, layer in self._layers(name, target, own, patterns):
            found = best([*found, *layer])
            if found and is_enough(found[0]):
                break
        return found

    def _layers(
        self, name: str, target: Target, own: Mapping[str, Values], patterns: Callable[[], list[Hypothesis]]
    ) -> Iterator[tuple[Callable[[Hypothesis], bool], list[Hypothesis]]]:
        """Each layer, and whether its best hypothesis ends the search."""
        quantities = returned_quantity(target, list(self.world.shapes), self.evaluator)
        yield _is_common, [*self._looked_up(name, target, own), *quantities]
        yield _is_single, [*patterns(), *self.changed(name, target, own, functions_only=True)]
        yield _is_plain, self.changed(name, target, own)
        yield _is_plain, [*self._in_two_terms(name, target, own), *self._turned(name, target)]
        yield _is_plain, self._inverse(name, target, own)
        for mistakes in (2, 3):
            yield _is_plain, compositions(target, name, self.maps, self.evaluator, mistakes)

    def single(self, name: str, target: Target, own: Mapping[str, Values]) -> Hypothesis | None:
        """The likeliest single mistake from the tables alone, which is quick."""
        return next(iter(self.singles(name, target, own)), None)

    def singles(self, name: str, target: Target, own: Mapping[str, Values]) -> list[Hypothesis]:
        """All single mistakes from the tables alone, the likeliest first."""
        return [one for one in best(self._looked_up(name, target, own)) if len(one.edits) == 1]

    def _looked_up(self, name: str, target: Target, own: Mapping[str, Values]) -> list[Hypothesis]:
        near = self.tables.near(name, target.values, target.search_tolerance, MOST)
        if all(value.size == 1 for value in target.values):
            near.append((("g", name), (), 0.0))  # N times a single number has another key: it has no direction
        return [*self._local(name, target, own), *_verified(target, near, self.evaluator, "table")]

    def changed(
        self, name: str, target: Target, own: Mapping[str, Values], *, functions_only: bool = False
    ) -> list[Hypothesis]:
        """One part of the right formula with other numbers in it, on the right upstream gradients and on the student's own."""
        key = name, functions_only
        if key not in self._changed:
            self._changed[key] = ChangedFormulas(self.world, name, self.evaluator, functions_only=functions_only)
        hypotheses = self._changed[key].hypotheses(target)
        if not functions_only and (tree := self.world.local[name]) is not None:
            hypotheses += weighted(tree, target, self.evaluator)
        for upstream in self.world.upstream(name):
            for root, values in self._upstream_values(upstream, own):
                evaluator = self.evaluator.with_gradients({upstream: values})
                changed = ChangedFormulas(self.world, name, evaluator, functions_only=functions_only)
                hypotheses += [given(one, root) for one in changed.hypotheses(target)]
        return hypotheses

    def _in_two_terms(self, name: str, target: Target, own: Mapping[str, Values]) -> list[Hypothesis]:
        """Two mistakes in a sum, on the right upstream gradients, and on the student's own."""
        if name not in self._wrong_terms:
            self._wrong_terms[name] = WrongTerms(self.world, name, self.evaluator)
        hypotheses = self._wrong_terms[name].hypotheses(target)
        mine = {one: own[one] for one in self.world.upstream(name) if one in own}
        if mine and not hypotheses:
            evaluator = self.evaluator.with_gradients(mine)
            found = WrongTerms(self.world, name, evaluator).hypotheses(target)
            hypotheses = [given(one, next(iter(mine))) for one in found]
        return hypotheses

    def _turned(self, name: str, target: Target) -> list[Hypothesis]:
        """One mistake, and rows and columns swapped."""
        if not all(value.ndim == 2 for value in target.values):
            return []
        turned = [value.T for value in target.values]
        near = self.tables.near(name, turned, target.search_tolerance, MOST)
        edit = OPERATORS["transpose-result"].edit("the result")
        entries = [(("T", node), (*edits, edit), cost + edit.cost + SECOND_MISTAKE) for node, edits, cost in near]
        return _verified(target, entries, self.evaluator, "composition")

    def _inverse(self, name: str, target: Target, own: Mapping[str, Values]) -> list[Hypothesis]:
        """Something added or multiplied in, on the student's own values and on the right ones; then what the answer is."""
        hypotheses = self._added_or_multiplied(target, name, self.evaluator)
        tree, links = self.world.local[name], self.maps.links(name)
        if tree is not None and links:
            for _, upstream in self._upstream_values(links[0].upstream, own):
                values = self.evaluator.with_gradients({links[0].upstream: upstream})(tree)
                if values is not None:
                    evaluator = self.evaluator.with_gradients({name: values})
                    hypotheses += self._added_or_multiplied(target, name, evaluator)
        return hypotheses or self._instead(target, name)

    def _local(self, name: str, target: Target, own: Mapping[str, Values]) -> list[Hypothesis]:
        """One mistake made on the student's own upstream gradient."""
        links = self.maps.links(name)
        if not links:
            return on_several(self.tables, name, target, own, self._upstream_values, self.evaluator)
        hypotheses = []
        for root, upstream in self._upstream_values(links[0].upstream, own):
            evaluator = self.evaluator.with_gradients({links[0].upstream: upstream})
            near = _mapped(target, links[0], self.maps, upstream)
            hypotheses += [given(hypothesis, root) for hypothesis in _verified(target, near, evaluator, "local")]
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

    def _added_or_multiplied(self, target: Target, name: str, evaluator: Evaluator) -> list[Hypothesis]:
        """The hypotheses of the gradient `name` with something added, or multiplied in entry by entry.

        Args:
            evaluator: has the values of the gradient and what it is made of.
        """
        right = evaluator(("g", name))
        if right is None or any(v.size != r.size for v, r in zip(target.values, right, strict=True)):
            return []
        arranged = [value.reshape(truth.shape) for value, truth in zip(target.values, right, strict=True)]
        hypotheses = []
        difference = [value - truth for value, truth in zip(arranged, right, strict=True)]
        for node, cost in self._multiples(difference, arranged, target, terms=name):
            factor = _factor(difference, evaluator(node))
            # The gradient plus (a minus the gradient) is a, and explains nothing.
            if factor is not None and ("g", name) not in leaves(node):
                whole = add(("g", name), node if factor == 1.0 else mul(number(factor), node))
                shown = text(node) if factor == 1.0 else f"a multiple of {text(node)}"
                hypotheses.append(single_edit(target, whole, "extra-term", text(node), shown, cost, evaluator))
        if all(np.all(np.abs(truth) > 0) for truth in right):
            quotient = [value / truth for value, truth in zip(arranged, right, strict=True)]
            hypotheses += left_out(target, name, quotient, self.world, evaluator)
            for node, cost in self._multiples(quotient, quotient, target):
                if ("g", name) not in leaves(node):
                    whole = mul(("g", name), node)
                    hypotheses.append(
                        single_edit(target, whole, "extra-factor", text(node), text(node), cost, evaluator)
                    )
        return [hypothesis for hypothesis in hypotheses if hypothesis is not None]

    def _instead(self, target: Target, name: str) -> list[Hypothesis]:
        """What the answer is, where it is one of the candidates or a formula of another gradient."""
        found = self._multiples(target.values, target.values, target)
        hypotheses = [
            beyond(target, name, node, cost, self.evaluator) or instead(target, node, cost, self.evaluator)
            for node, cost in found
        ]
        for other in self.assignment.names:
            if other == name:
                continue
            wrong = WRONG_RESULT.edit("the result", new=f"those of {gradient_text(other)}")
            for node, edits, cost in self.tables.near(other, target.values, target.search_tolerance, MOST_OF_OTHERS):
                every = (wrong, *edits)
                hypotheses.append(verify(target, node, every, cost + wrong.cost, self.evaluator, "candidates"))
        return [hypothesis for hypothesis in hypotheses if hypothesis is not None]

    def _multiples(
        self, values: Values, whole: Values, target: Target, terms: str | None = None
    ) -> Iterator[tuple[Node, float]]:
        """Formulas whose numbers are a multiple of `values`, which are known as exactly as `whole` is; and their costs.

        Args:
            terms: a gradient whose formulas are looked at as well as the candidates.
        """
        probes = len(self.world.evaluator.points)
        sizes = [float(np.linalg.norm(value)) for value in values[:probes]]
        wholes = [float(np.linalg.norm(of)) for of in whole[:probes]]
        if not all(wholes):  # so small that its square is zero
            return
        parts = [size / of for size, of in zip(sizes, wholes, strict=True)]
        if not min(parts, default=0.0) > SMALLEST_PART or all(value.size <= 1 for value in values):
            return
        tolerance = min(target.search_tolerance / min(parts), 1e-4)
        yield from self.candidates.near(values, tolerance, MOST_MULTIPLES)
        if terms is not None:
            for node, edits, cost in self.tables.near(terms, values, tolerance, MOST_MULTIPLES):
                yield node, cost + len(edits)


def _is_common(hypothesis: Hypothesis) -> bool:
    """One mistake, and so common a one that no pattern is likelier."""
    return len(hypothesis.edits) == 1 and hypothesis.cost <= CHEAPEST


def _is_single(hypothesis: Hypothesis) -> bool:
    """One mistake that says what was done, unlike a factor that merely differs."""
    return _is_plain(hypothesis) and len(hypothesis.edits) == 1 and hypothesis.operator != "scale-steps"


def _is_plain(hypothesis: Hypothesis) -> bool:
    if hypothesis.operator == WRONG_RESULT.slug and hypothesis.cost > WRONG_RESULT.cost:
        return False  # a formula that fits, and says nothing about what went wrong
    return hypothesis.cost <= PLAIN or hypothesis.layer == "composition"


def _verified(target: Target, entries: Sequence[Entry], evaluator: Evaluator, layer: str) -> list[Hypothesis]:
    found = (verify(target, node, edits, cost, evaluator, layer) for node, edits, cost in entries)
    return [hypothesis for hypothesis in found if hypothesis is not None]


def _mapped(target: Target, level: Level, maps: Maps, own: Values) -> list[Entry]:
    """The cheapest formulas of a level that may give the target for the upstream gradient `own`."""
    sought = Sought(target.values[:MAPPED], target.search_tolerance)
    group = maps.group(level, level.name, sought.sizes)
    if group is None or any(value.size + 1 != rows.shape[2] for value, rows in zip(own, group.rows, strict=False)):
        return []
    results = [rows @ np.append(value.reshape(-1), 1.0) for rows, value in zip(group.rows, own, strict=False)]
    close = np.nonzero(sought.near(angles_of(np.stack(results, axis=1), sought.sizes)))[0]
    return [maps.formulas(level)[int(group.numbers[i])] for i in close[:MOST]]


def _factor(values: Values, base: Values | None) -> float | None:
    """The number to multiply `base` by, the same at all sample points, or None."""
    if base is None or any(v.size != b.size for v, b in zip(values, base, strict=True)):
        return None
    factors = [float(b.reshape(-1) @ v.reshape(-1) / np.vdot(b, b)) for v, b in zip(values, base, strict=True)]
    if max(abs(factor - factors[0]) for factor in factors) > 1e-3 * abs(factors[0]):
        return None
    return float(f"{factors[0]:.6g}") or None
