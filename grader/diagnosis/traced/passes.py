"""Values that a right loop over time has at each step, and what follows there from a value that stands in for another."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import combinations

import numpy as np
from msgspec import Struct

from grader.diagnosis.formulas.expression import Evaluator, Node, Values, mul
from grader.diagnosis.formulas.forms import local_forms
from grader.diagnosis.formulas.formula_nodes import depends_on_step, inside
from grader.diagnosis.formulas.world import World
from grader.diagnosis.traced.events import equal
from grader.diagnosis.traced.lookup import Lookup
from grader.problem.model import Array

MOST_STEPS = 6
MOST_FACTORS = 4

Step = tuple[int, dict[Node, Array]]  # its number, and what its parts are made of


class Recurrence(Struct, frozen=True, dict=True):
    """A gradient that is handed back from step to step.

    Attributes:
        passes: the same pass of the loop at all sample points: counted from the first step, and from the last one.
        whole: the formulas of a step: its gradient, what it hands on, and what it adds.
        totals: what has been added up in each pass.
        tables: what has one row for each step.
    """

    evaluate: Evaluator
    passes: list[list[Step]]
    whole: tuple[Node, ...]
    totals: list[Values]
    tables: list[Values]

    @cached_property
    def known(self) -> list[Values]:
        """The values of all parts, in each pass."""
        return [*self._values(), *self.totals, *self.tables]

    def _values(self) -> Iterator[Values]:
        for found in self._parts:
            yield from (values for values in found.values() if values[0].size > 1)

    @cached_property
    def _parts(self) -> list[dict[Node, Values]]:
        """The values of all parts that a step has of its own, in each pass."""
        parts = _parts(self.whole)
        return [{part: found for part in parts if (found := self._at(part, one)) is not None} for one in self.passes]

    @cached_property
    def _passes_with(self) -> tuple[Lookup, list[int]]:
        """All of these values, and the pass that each belongs to."""
        numbers = [number for number, parts in enumerate(self._parts) for _ in parts]
        return Lookup(values for parts in self._parts for values in parts.values()), numbers

    def stands_in(self, values: Values, results: Sequence[Values], present: Lookup) -> bool:
        """Whether one of `results` is what a formula of a step gives if `values`, right there, stand in for a part of it.

        Args:
            present: what nothing needs to stand in for.
        """
        known, numbers = self._passes_with
        for number in sorted({numbers[position] for position in known.positions(values)}):
            one = self.passes[number]
            for part, right in self._parts[number].items():
                fits = all(r.size == v.size > 1 for r, v in zip(right, values, strict=True))
                if not fits or right in present:
                    continue
                replaced = [
                    (step, {**known, part: value.reshape(r.shape)})
                    for (step, known), value, r in zip(one, values, right, strict=True)
                ]
                for node in self.whole:
                    found = self._at(node, replaced) if _is_made_of(node, part) else None
                    if found is not None and any(equal(result, found) for result in results):
                        return True
        return False

    def _at(self, node: Node, one: Sequence[Step]) -> Values | None:
        found = [self.evaluate.part_at(node, k, step, known) for k, (step, known) in enumerate(one)]
        return [value for value in found if value is not None] if all(value is not None for value in found) else None


def recurrences(world: World, evaluate: Evaluator, name: str) -> list[Recurrence]:
    """Those in the formulas of a gradient."""
    scans = dict.fromkeys(part for form, _ in local_forms(world, name) for part in inside(form) if part[0] == "scan")
    return [one for one in (_recurrence(evaluate, scan) for scan in scans) if one is not None]


def _recurrence(evaluate: Evaluator, scan: Node) -> Recurrence | None:
    points = range(len(evaluate.points))
    try:
        steps = [list(evaluate.at_steps(scan, k)) for k in points]
    except Exception:  # it has no value at some sample point
        return None
    count = min(min(map(len, steps)), MOST_STEPS)
    passes = [[at[j] for at in steps] for j in range(count)]
    if len({len(at) for at in steps}) > 1:
        passes += [[at[j] for at in steps] for j in range(-count, 0)]
    totals = []
    if len(scan) > 5:
        added = [[evaluate.part_at(scan[5], k, *one) for one in steps[k]] for k in points]
        if any(value is None for at in added for value in at):
            return None
        running = [np.cumsum([np.asarray(value) for value in at], axis=0) for at in added]
        totals = [[sums[j] for sums in running] for j in (*range(count), *range(-count, 0))]
    tables: list[Values] = []
    for part in _parts(scan[3:]):
        rows = [[evaluate.part_at(part, k, *one) for one in reversed(steps[k])] for k in points]
        if all(row is not None and row.ndim == 2 and len(row) == 1 for at in rows for row in at):
            tables.append([np.concatenate(at) for at in rows])  # type: ignore[arg-type]
    return Recurrence(evaluate, passes, scan[3:], totals, tables)


def _parts(whole: Sequence[Node]) -> list[Node]:
    """All parts that a step has of its own, and the products of some of the factors of a product."""
    found: dict[Node, None] = {}
    for part in (part for node in whole for part in inside(node) if depends_on_step(part)):
        found[part] = None
        if part[0] == "mul" and len(part) - 1 <= MOST_FACTORS:
            for size in range(2, len(part) - 1):
                found.update(dict.fromkeys(mul(*factors) for factors in combinations(part[1:], size)))
    return list(found)


def _is_made_of(node: Node, part: Node) -> bool:
    """Whether a part, or the factors that it multiplies, are in a formula and not all of it."""
    factors = part[1:] if part[0] == "mul" else (part,)
    within = set(inside(node)) - {node}
    return node != part and all(factor in within for factor in factors)
