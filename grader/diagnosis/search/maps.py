"""A gradient's formulas as affine maps of the gradient that it builds on, v = M [D, 1], worked out when they are first needed.

Of a large v only two projections are of interest, so that of M only two rows are computed.  With the maps all mistakes of a
gradient are tried on any upstream value at once: the student's own, or every wrong one in the tables.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from grader.diagnosis.formulas.expression import Evaluator, Node
from grader.diagnosis.formulas.world import World
from grader.diagnosis.mutations.matrices import whole_mutants
from grader.diagnosis.tables.build import Tables
from grader.diagnosis.tables.projections import Sizes, directions
from grader.diagnosis.tables.pullback import Pullback
from grader.diagnosis.tables.tables import Entry
from grader.problem.model import Array

MAPPED = 2  # sample points at which there are maps
MOST_SQUARE = 64  # entries of a gradient whose maps are computed as a whole
MOST_NUMBERS = 1 << 20  # in the maps of one gradient
MOST_GROUPS = 100  # so that memory stays flat however many submissions are diagnosed


class Group(Struct):
    """Maps to arrays of one size.

    Attributes:
        rows: for each mapped sample point (N, rows, entries of D + 1).
        numbers: (N,), of the formulas.
        costs: (N,), in ascending order.
    """

    rows: list[Array]
    numbers: Array
    costs: Array


class Stock(Struct):
    """Wrong values [D, 1] of unit length of a gradient: `values[k]` is (N, entries + 1); and the numbers of the entries."""

    values: list[Array]
    entries: Array
    costs: Array


class Level(Struct, frozen=True):
    """Where a mistake may be made on the way to a gradient: in its formula in terms of another gradient.

    Attributes:
        name: the gradient that the formula is of.
        upstream: the one that it builds on; the same for what is done with a result.
    """

    name: str
    upstream: str

    @property
    def leaf(self) -> Node:
        return ("g", self.upstream)


class Maps:
    """For one assignment; remembers what it worked out."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.world: World = tables.world
        evaluator = self.world.evaluator
        points = evaluator.points[:MAPPED]
        gradients = {name: values[: len(points)] for name, values in self.world.assignment.exact.items()}
        self.evaluator = Evaluator(evaluator.graph, self.world.functions, points, gradients)
        self._pullbacks: dict[str, Pullback] = {}
        self._groups: dict[tuple[Level, str, Sizes], Group | None] = {}
        self._squares: dict[Level, Group | None] = {}
        self._stocks: dict[str, Stock | None] = {}
        self._formulas: dict[Level, list[Entry]] = {}

    def links(self, name: str) -> list[Level]:
        """The gradients from `name` up to the root, as long as each builds on one other."""
        found = []
        while len(upstream := self.tables[name].upstream) == 1:
            found.append(Level(name, upstream[0]))
            name = upstream[0]
        return found

    def whole(self, name: str) -> Level | None:
        """What may be done with the result of a gradient that is a row."""
        return Level(name, name) if self.world.gradient_shape(name)[:1] == (1,) else None

    def group(self, level: Level, name: str, sizes: Sizes) -> Group | None:
        """All formulas of a level: rows for the two projections of `name`, all levels between being right.

        Args:
            sizes: of what is looked up, which at the level of `name` itself may be of a wrong shape.
        """
        key = level, name, sizes
        if key not in self._groups:
            if len(self._groups) > MOST_GROUPS:
                self._groups.clear()
            rows = self._down_to(level.name, name, sizes)
            self._groups[key] = None if rows is None else self._mapped(level, rows, np.inf)
        return self._groups[key]

    def square(self, level: Level, most_cost: float) -> Group | None:
        """The cheap formulas of a level whose result has the right size, whole; the right one first."""
        if level not in self._squares:
            self._squares[level] = self._square(level, most_cost)
        return self._squares[level]

    def right(self, level: Level, rows: Sequence[Array] | None = None) -> list[Array] | None:
        """The map of the right formula of a level, or the rows pulled back through it."""
        tree = self.world.local[level.name]
        return None if tree is None else self._pullback(level.upstream).affine(tree, rows)

    def stock(self, name: str) -> Stock | None:
        """The entries of a gradient's table that have its shape."""
        if name not in self._stocks:
            self._stocks[name] = self._stock(name)
        return self._stocks[name]

    def _pullback(self, upstream: str) -> Pullback:
        if upstream not in self._pullbacks:
            self._pullbacks[upstream] = Pullback(self.evaluator, ("g", upstream))
        return self._pullbacks[upstream]

    def formulas(self, level: Level) -> list[Entry]:
        """All formulas of a level, cheapest first; the first is the right one, in terms of the upstream gradient."""
        if level not in self._formulas:
            found = self._whole_formulas(level) if level.name == level.upstream else self._own_formulas(level)
            self._formulas[level] = found
        return self._formulas[level]

    def _own_formulas(self, level: Level) -> list[Entry]:
        table = self.tables[level.name]
        found = [(*table.formulas[i], float(cost)) for i, cost in enumerate(table.formulas.costs)]
        return [(table.tree, (), 0.0), *found[1:]] if table.tree is not None else found

    def _whole_formulas(self, level: Level) -> list[Entry]:
        """The result itself, and what may be done with it at the end."""
        mutants = whole_mutants(level.leaf, level.name, self.world)
        found = [(node, (edit,), edit.cost) for node, edit in mutants]
        return [(level.leaf, (), 0.0), *sorted(found, key=lambda one: one[2])]

    def _down_to(self, gradient: str, name: str, sizes: Sizes) -> list[Array] | None:
        """The two projections of `name` as rows at a gradient further up; the right formulas have no constant part."""
        rows: list[Array] | None = [directions(size) for size in sizes]
        for level in self.links(name):
            if level.name == gradient:
                break
            rows = self.right(level, rows)
            if rows is None:
                return None
            rows = [row[:, :-1] for row in rows]
        return rows

    def _square(self, level: Level, most_cost: float) -> Group | None:
        values = self.evaluator(("g", level.name)) or []
        if max(value.size for value in values) > MOST_SQUARE:
            return None
        return self._mapped(level, [np.eye(value.size) for value in values], most_cost)

    def _mapped(self, level: Level, rows: list[Array], most_cost: float) -> Group | None:
        pullback = self._pullback(level.upstream)
        found: dict[bytes, tuple[list[Array], int, float]] = {}
        numbers = 0
        for number, (node, _, cost) in enumerate(self.formulas(level)):
            if cost > most_cost or numbers > MOST_NUMBERS:
                break
            maps = pullback.affine(node, rows)
            # A derivative of relu may be zero at one of the points.
            base = None if maps is None else next((one for one in maps if np.any(one[:, :-1])), None)
            if maps is None or base is None:
                continue
            scale = float(np.max(np.abs(base)))
            key = (np.round(base / scale, 8) + 0.0).tobytes() + f"{scale:.8e}".encode()
            if key not in found:
                found[key] = maps, number, cost
                numbers += sum(one.size for one in maps)
        if not found:
            return None
        kept = list(found.values())
        return Group(
            [np.array([maps[k] for maps, _, _ in kept]) for k in range(len(rows))],
            np.array([number for _, number, _ in kept]),
            np.array([cost for _, _, cost in kept]),
        )

    def _stock(self, name: str) -> Stock | None:
        right = self.world.evaluator(("g", name)) or []
        shapes = tuple(value.shape for value in right)
        table, facts = self.tables[name], self.tables.facts(name)
        stacks = [stack for stack in facts.stacks if stack.shapes == shapes]
        if not stacks:
            return None
        entries = np.concatenate([stack.numbers for stack in stacks])
        values = []
        for k in range(MAPPED):
            whole = np.concatenate([stack.values[k] for stack in stacks])
            whole = np.concatenate([whole, np.ones((len(whole), 1))], axis=1)
            values.append(whole / np.linalg.norm(whole, axis=1, keepdims=True))
        return Stock(values, entries, table.costs[entries])
