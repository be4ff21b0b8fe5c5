"""Two mistakes in a formula of several terms: one in each of two terms, or both in one of them.

For a sum  v = t1 + t2 + ...  each wrong form of a term changes v by a difference.  Two differences that add up to that of the
answer are found by sorting, so that thousands of forms of each term make millions of pairs.
"""

from collections.abc import Iterator

import numpy as np

from grader.diagnosis.comparison import Target, verify
from grader.diagnosis.formulas.expression import Evaluator, Node, add, neg
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Edit, Hypothesis
from grader.diagnosis.mutations.arrays import bare_text, left_out
from grader.diagnosis.mutations.leaves import wrong
from grader.diagnosis.mutations.mutants import mutants
from grader.diagnosis.tables.projections import directions
from grader.problem.model import Array

MOST_TERMS = 6
MOST_COST = 2.0  # of each of two mistakes in different terms
COMMON = 1.45  # of each of two mistakes in the same term
SECOND_MISTAKE = 0.5
MOST_VERIFIED = 40
ROUNDING = 1e-11

Form = tuple[Node, tuple[Edit, ...], float]


class WrongTerms:
    """The wrong forms of each term of a gradient's formula, evaluated at the first sample point."""

    def __init__(self, world: World, name: str, evaluator: Evaluator) -> None:
        tree = world.local[name]
        self._terms = tree[1:] if tree is not None and tree[0] == "add" and len(tree) - 1 <= MOST_TERMS else ()
        self._evaluator = evaluator
        exact = {one: values[:1] for one in world.assignment.names if (values := evaluator(("g", one))) is not None}
        self._first = Evaluator(evaluator.graph, evaluator.functions, evaluator.points[:1], exact)
        right = self._first(tree) if tree is not None else None
        self._right = right[0] if right is not None else None
        found = [self._changes(term, world) for term in self._terms if self._right is not None]
        self._forms = [forms for forms, _ in found]
        self._differences = [differences for _, differences in found]

    def _changes(self, term: Node, world: World) -> tuple[list[Form], Array]:
        """Forms of a term, and the projections of the differences that they make."""
        assert self._right is not None
        value = self._first(term)
        forms, differences = list[Form](), list[Array]()
        seen = set[bytes]()
        for node, edits, cost in _forms_of(term, world) if value is not None else ():
            made = self._first(node)
            if made is None or value is None or made[0].shape != value[0].shape:
                continue
            full = np.broadcast_to(made[0] - value[0], self._right.shape)
            projected = directions(full.size) @ full.reshape(-1)
            key = np.round(projected, 9).tobytes()
            if key not in seen:
                seen.add(key)
                forms.append((node, edits, cost))
                differences.append(projected)
        return forms, np.array(differences).reshape(-1, 2)

    def hypotheses(self, target: Target) -> list[Hypothesis]:
        """Those with two mistakes that give the target, verified at every sample point."""
        if self._right is None or not self._terms or target.values[0].shape != self._right.shape:
            return []
        wanted = directions(self._right.size) @ (target.values[0] - self._right).reshape(-1)
        allowed = max(target.search_tolerance, ROUNDING) * float(np.max(np.abs(target.values[0]))) * self._right.size
        hits = sorted(self._hits(wanted, allowed), key=lambda hit: hit[2])[:MOST_VERIFIED]
        found = (
            verify(target, node, edits, cost + SECOND_MISTAKE, self._evaluator, "composition")
            for node, edits, cost in hits
        )
        return [hypothesis for hypothesis in found if hypothesis is not None]

    def _hits(self, wanted: Array, allowed: float) -> Iterator[Form]:
        for i, differences in enumerate(self._differences):
            near = np.flatnonzero(np.max(np.abs(differences - wanted), axis=1, initial=0.0) <= allowed)
            for k in near.tolist():
                node, edits, cost = self._forms[i][k]
                if len(edits) > 1:
                    yield self._with({i: node}), edits, cost
            for j in range(i + 1, len(self._differences)):
                yield from self._pairs(i, j, wanted, allowed)

    def _pairs(self, i: int, j: int, wanted: Array, allowed: float) -> Iterator[Form]:
        """One mistake in the term `i` and one in the term `j`."""
        singles = [[k for k, form in enumerate(self._forms[t]) if len(form[1]) == 1] for t in (i, j)]
        one, other = (self._differences[t][kept] for t, kept in zip((i, j), singles, strict=True))
        order = np.argsort(other[:, 0])
        rest = wanted - one
        low = np.searchsorted(other[order, 0], rest[:, 0] - allowed)
        high = np.searchsorted(other[order, 0], rest[:, 0] + allowed)
        for row in np.flatnonzero(high > low).tolist():
            for k in order[low[row] : high[row]].tolist():
                if abs(other[k, 1] - rest[row, 1]) <= allowed:
                    a, b = self._forms[i][singles[0][row]], self._forms[j][singles[1][k]]
                    yield self._with({i: a[0], j: b[0]}), (*a[1], *b[1]), a[2] + b[2]

    def _with(self, changed: dict[int, Node]) -> Node:
        return add(*(changed.get(k, term) for k, term in enumerate(self._terms)))


def _forms_of(term: Node, world: World) -> Iterator[Form]:
    """With one mistake, and with two common ones."""
    shown = bare_text(term)
    single = [
        wrong(("mul", ("c", 0.0), term), left_out(term), shown),
        wrong(neg(term), "sign-term", shown, new=shown),
        *mutants(term, world),
    ]
    for node, edit in single:
        if edit.cost <= MOST_COST:
            yield node, (edit,), edit.cost
    for node, edit in single[2:]:
        if edit.cost > COMMON:
            continue
        for again, second in mutants(node, world):
            if second.cost <= COMMON and (second.operator, second.where) != (edit.operator, edit.where):
                yield again, (edit, second), edit.cost + second.cost
