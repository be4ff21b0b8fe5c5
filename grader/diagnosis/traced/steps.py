"""Values that a right loop over time has at each step, and what follows there from a value that stands in for another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from grader.diagnosis.formulas.expression import Evaluator, Node, Values, mul
from grader.diagnosis.formulas.formula_nodes import depends_on_step, inside
from grader.diagnosis.formulas.world import World, local_forms
from grader.diagnosis.traced.events import equal
from grader.problem.model import Array

MOST_STEPS = 6
MOST_FACTORS = 4

Step = tuple[int, dict[Node, Array]]  # its number, and what its parts are made of


@dataclass(frozen=True)
class Recurrence:
    """A gradient that is handed back from step to step.

    Attributes:
        passes: the same pass of the loop at all sample points: counted from the first step, and from the last one.
        whole: the formulas of a step: its gradient, what it hands on, and what it adds.
        totals: what has been added up in each pass.
    """

    evaluate: Evaluator
    passes: list[list[Step]]
    whole: tuple[Node, ...]
    totals: list[Values]

    @cached_property
    def known(self) -> list[Values]:
        """The values of all parts, in each pass."""
        return [*self._values(), *self.totals]

    def _values(self) -> Iterator[Values]:
        parts = dict.fromkeys(part for node in self.whole for part in _parts(node))
        for one in self.passes:
            for part in parts:
                found = self._at(part, one)
                if found is not None and found[0].size > 1:
                    yield found

    def stands_in(self, values: Values, result: Values) -> bool:
        """Whether `result` is what a formula of a step gives if `values` stand in for a part of it."""
        as_row = [np.atleast_2d(value) for value in values]
        for one in self.passes:
            for node in self.whole:
                for part in dict.fromkeys(part for part in inside(node) if part != node and depends_on_step(part)):
                    right = self._at(part, one)
                    if right is None or any(r.size != v.size for r, v in zip(right, values, strict=True)):
                        continue
                    replaced = [
                        (step, {**known, part: row.reshape(r.shape)})
                        for (step, known), row, r in zip(one, as_row, right, strict=True)
                    ]
                    found = self._at(node, replaced)
                    if found is not None and equal(result, found):
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
    return Recurrence(evaluate, passes, scan[3:], totals)


def _parts(node: Node) -> Iterator[Node]:
    """All parts, and the products of some of the factors of a product."""
    for part in inside(node):
        if depends_on_step(part):
            yield part
        if part[0] == "mul" and len(part) - 1 <= MOST_FACTORS:
            for size in range(2, len(part) - 1):
                yield from (mul(*factors) for factors in combinations(part[1:], size))
