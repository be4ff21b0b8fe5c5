"""Build the tables: all formulas one mistake away from each gradient, each value once.

Mistakes in a gradient are mutants of its own formula.  Mistakes further up are the entries of the gradients that it builds on,
whose values are carried through its formula.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from graphlib import TopologicalSorter

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from grader.diagnosis.formulas.expression import Evaluator, Node, Values, gradient_text, leaves, replaced
from grader.diagnosis.formulas.world import World, make_world
from grader.diagnosis.hypothesis import Edit, in_upstream
from grader.diagnosis.mutations.mutants import local_mutants
from grader.diagnosis.mutations.products import product_structures
from grader.diagnosis.tables.distinct import RIGHT, Chunk, distinct, joined
from grader.diagnosis.tables.projections import (
    KEYED,
    Sought,
    angles_of,
    directions,
    exact_keys,
    projections,
)
from grader.diagnosis.tables.stacks import Stack, stacked, through
from grader.diagnosis.tables.tables import OWN, Entry, Formulas, Shapes, Table, packed
from grader.problem.assignment import Assignment
from grader.problem.model import Array

PER_LEVEL = 0.02
TURNED = 0.5  # once more for each level that the wrong orientation gets through
COMMON = 1.75
MOST_REMEMBERED = 5000  # entries that were looked up

Formula = tuple[Node, tuple[Edit, ...], float]


class Facts(Struct):
    """What is known of the entries of a table while tables are built.

    Attributes:
        mistakes: (N,), a number for the kinds and places of the edits, RIGHT for none.
        turned: (N,), whether only the orientation is wrong.
        stacks: the values; empty for a gradient that no other builds on.
    """

    mistakes: Array
    turned: Array
    stacks: list[Stack]


class Tables:
    """The tables of one assignment, each built when it is first asked for, with those that it builds on.

    Attributes:
        built: those that there are already, by gradient.
        new: those of them that were not read from disk.
    """

    def __init__(self, assignment: Assignment, built: Mapping[str, Table] | None = None) -> None:
        self.assignment = assignment
        self.built = dict(built or {})
        self.new: set[str] = set()
        self._facts: dict[str, Facts] = {}
        self._entries: dict[tuple[str, int], Entry] = {}
        self._numbers: dict[tuple[tuple[str, str], ...], int] = {(): RIGHT}

    @cached_property
    def world(self) -> World:
        return make_world(self.assignment)

    @cached_property
    def _builds_on(self) -> set[str]:
        """The gradients that others build on."""
        return {upstream for name in self.assignment.names for upstream in self.world.upstream(name)}

    def __getitem__(self, name: str) -> Table:
        if name not in self.built:
            self._build(name)
        return self.built[name]

    def in_order(self) -> list[str]:
        """The tables that there are, each after those that it builds on."""
        return [
            name
            for name in TopologicalSorter({name: table.upstream for name, table in self.built.items()}).static_order()
            if name in self.built
        ]

    def near(self, name: str, values: Values, tolerance: float, most: int) -> list[Entry]:
        """The cheapest formulas of a gradient's table with the keys of these values."""
        table = self[name]
        probed = values[: len(table.shapes[0])] if table.shapes else values
        return [self.entry(name, i) for i in table.numbers_near(Sought(probed, tolerance), most)]

    def entry(self, name: str, i: int) -> Entry:
        """Formula, edits and cost of an entry."""
        key = name, i
        if key not in self._entries:
            if len(self._entries) > MOST_REMEMBERED:
                self._entries.clear()
            self._entries[key] = *self._formula(name, i), float(self[name].costs[i])
        return self._entries[key]

    def _formula(self, name: str, i: int) -> tuple[Node, tuple[Edit, ...]]:
        table = self[name]
        origin, via = int(table.origins[i]), int(table.via[i])
        if via == OWN or table.tree is None:
            return table.formulas[origin]
        upstream = table.upstream[via - 1]
        node, edits = self._formula(upstream, origin)
        return replaced(table.tree, ("g", upstream), node), in_upstream(edits, gradient_text(upstream))

    def _build(self, name: str) -> None:
        formulas = sorted(own_formulas(self.world, name), key=lambda formula: formula[2])
        kept = distinct([*self._own(formulas, name), *self._carried(name)])
        used = {RIGHT, *self._different_maps(formulas, name)}
        used.update(*(chunk.stack.numbers.tolist() for chunk in kept if chunk.via == OWN))
        numbers = {i: number for number, i in enumerate(sorted(used))}
        for chunk in kept:
            if chunk.via == OWN:
                chunk.stack.numbers = np.array([numbers[i] for i in chunk.stack.numbers.tolist()])
        offsets, blob = packed([formulas[i][:2] for i in numbers])
        costs = np.array([formulas[i][2] for i in numbers], dtype=np.float32)
        shapes = list(dict.fromkeys(chunk.stack.shapes for chunk in kept))
        angles = joined(kept, lambda chunk: angles_of(chunk.found, _sizes(chunk.stack.shapes)), np.float32)
        self.built[name] = Table(
            tree=self.world.local[name],
            upstream=tuple(self.world.upstream(name)),
            formulas=Formulas(costs, offsets, blob),
            shapes=tuple(shapes),
            kinds=joined(kept, lambda chunk: np.full(len(chunk.costs), shapes.index(chunk.stack.shapes)), np.uint16),
            via=joined(kept, lambda chunk: np.full(len(chunk.costs), chunk.via), np.uint16),
            origins=joined(kept, lambda chunk: chunk.stack.numbers, np.int32),
            costs=joined(kept, lambda chunk: chunk.costs, np.float32),
            angles=angles.reshape(-1, KEYED),
        )
        self.new.add(name)
        self._remember(name, kept)

    def _remember(self, name: str, kept: list[Chunk]) -> None:
        """The facts of a table just built, for those that build on it."""
        if name not in self._builds_on:
            return
        starts = np.cumsum([0, *(len(chunk.costs) for chunk in kept)])
        self._facts[name] = Facts(
            joined(kept, lambda chunk: chunk.mistakes, np.int64),
            joined(kept, lambda chunk: chunk.turned, np.bool_),
            [
                replace(chunk.stack, numbers=np.arange(start, start + len(chunk.costs)))
                for start, chunk in zip(starts, kept, strict=False)
            ],
        )

    def _own(self, formulas: list[Formula], name: str) -> Iterator[Chunk]:
        """The gradient's own formulas with one mistake; the right one is itself."""
        single = [i for i, (_, edits, _) in enumerate(formulas) if len(edits) <= 1]
        nodes = [formulas[i][0] for i in single]
        numbers = np.array(single)
        costs = np.array([formulas[i][2] for i in single])
        mistakes = np.array([self._number(formulas[i][1]) for i in single])
        turned = np.array([_is_turned(formulas[i][1]) for i in single])
        for stack in stacked(nodes, self.world.evaluator):
            rows = stack.numbers
            own = replace(stack, numbers=numbers[rows])
            yield Chunk(OWN, own, projections(stack.values), costs[rows], mistakes[rows], turned[rows])

    def _different_maps(self, formulas: list[Formula], name: str) -> Iterator[int]:
        """The cheapest of the formulas that give the same for any value of the one gradient that they build on."""
        if len(self.world.upstream(name)) != 1:
            return
        leaf = ("g", self.world.upstream(name)[0])
        mapped = [i for i, (node, _, _) in enumerate(formulas) if leaf in leaves(node)]
        base = self.world.evaluator
        gradients = {one: values[:1] for one, values in self.assignment.exact.items()}
        random = [directions(gradients[leaf[1]][0].size)[1].reshape(gradients[leaf[1]][0].shape)]
        evaluator = Evaluator(base.graph, base.functions, base.points[:1], gradients).with_gradients({leaf[1]: random})
        for stack in stacked([formulas[i][0] for i in mapped], evaluator):
            first: dict[bytes, int] = {}
            for number, key in zip(stack.numbers.tolist(), exact_keys(projections(stack.values)), strict=True):
                first.setdefault(key, mapped[number])
            yield from first.values()

    def _carried(self, name: str) -> Iterator[Chunk]:
        """What follows from each wrong entry of each gradient that this one builds on."""
        tree = self.world.local[name]
        whole = name in self._builds_on
        for k, upstream in enumerate(self.world.upstream(name)):
            table, facts = self[upstream], self.facts(upstream)
            for stack in facts.stacks:
                wrong = stack.chosen(np.nonzero(facts.mistakes[stack.numbers] != RIGHT)[0])
                if not len(wrong.numbers) or tree is None:
                    continue
                for carried in through(tree, upstream, wrong, self.world.evaluator, whole=whole):
                    found = projections(carried.values) if whole else np.stack(carried.values, axis=1)
                    turned = facts.turned[carried.numbers]
                    costs = table.costs[carried.numbers] + PER_LEVEL + TURNED * turned
                    yield Chunk(1 + k, carried, found, costs, facts.mistakes[carried.numbers], turned)

    def facts(self, name: str) -> Facts:
        """Those of a table, worked out again for one that was read."""
        table = self[name]
        if name not in self._facts:
            self._facts[name] = self._restored(table)
        return self._facts[name]

    def _restored(self, table: Table) -> Facts:
        mistakes, turned = np.zeros(len(table), dtype=np.int64), np.zeros(len(table), dtype=bool)
        own = np.nonzero(table.via == OWN)[0]
        formulas = [table.formulas[int(origin)] for origin in table.origins[own]]
        mistakes[own] = [self._number(edits) for _, edits in formulas]
        turned[own] = [_is_turned(edits) for _, edits in formulas]
        stacks = [
            replace(stack, numbers=own[stack.numbers])
            for stack in stacked([node for node, _ in formulas], self.world.evaluator)
        ]
        for k, upstream in enumerate(table.upstream):
            numbers = np.nonzero(table.via == 1 + k)[0]
            facts = self.facts(upstream)
            mistakes[numbers], turned[numbers] = (
                facts.mistakes[table.origins[numbers]],
                facts.turned[table.origins[numbers]],
            )
            entries = np.full(len(facts.mistakes), -1)
            entries[table.origins[numbers]] = numbers
            for stack in facts.stacks:
                kept = stack.chosen(np.nonzero(entries[stack.numbers] >= 0)[0])
                if len(kept.numbers) and table.tree is not None:
                    carried = through(table.tree, upstream, kept, self.world.evaluator, whole=True)
                    stacks += [replace(one, numbers=entries[one.numbers]) for one in carried]
        return Facts(mistakes, turned, stacks)

    def _number(self, edits: tuple[Edit, ...]) -> int:
        return self._numbers.setdefault(tuple((edit.kind, edit.where) for edit in edits), len(self._numbers))


def own_formulas(world: World, name: str) -> Iterator[Formula]:
    """The gradient itself, all one-mistake formulas, and those with a second mistake in the same product."""
    yield ("g", name), (), 0.0
    seen = set()
    for node, edit in local_mutants(name, world):
        key = node, edit.kind, edit.where
        if key not in seen:
            seen.add(key)
            yield node, (edit,), edit.cost
        if node[0] == "mul" and edit.cost <= COMMON and any(leaf[0] == "g" for leaf in leaves(node)):
            for mutant, second in product_structures(node):
                if mutant not in seen:
                    seen.add(mutant)
                    yield mutant, (edit, second), edit.cost + second.cost


def _is_turned(edits: tuple[Edit, ...]) -> bool:
    return bool(edits) and edits[0].operator in ("operand-order", "transpose-result")


def _sizes(shapes: Shapes) -> tuple[int, ...]:
    return tuple(int(np.prod(shape)) for shape in shapes)
