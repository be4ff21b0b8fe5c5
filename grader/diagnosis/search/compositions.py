"""Two and three mistakes at once, along the chain of gradients: searched as products of maps, without a table of them.

A gradient is  v = M1 [M2 [... [D, 1]]],  with a map of what is done with the result, the maps of the gradients on its way up, and
a value D from a table, each of them right or one mistake away.  For r orthogonal to v, all combinations with r . v = 0 are found
by matrix products; what is found is recomputed.  r is a combination of the two fixed vectors of the projections, so that what it
becomes at the levels above is worked out once for all answers.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from grader.diagnosis.comparison import Target, verify
from grader.diagnosis.formulas.expression import Evaluator, Node, gradient_text, replaced
from grader.diagnosis.hypothesis import Edit, Hypothesis, in_upstream
from grader.diagnosis.search.maps import MAPPED, Level, Maps, Stock
from grader.diagnosis.tables.projections import directions, sizes_of
from grader.problem.model import Array

SECOND_MISTAKE = 0.5
MOST_COST = {2: 9.0, 3: 2.25}  # of one mistake: with three of them only common ones are looked for
CHUNK = 1 << 18  # products at a time: as many as fit in the processor's cache
MOST_HITS = 400
MOST_VERIFIED = 40
NOTHING = 1e-7
NEARLY = 0.3
COARSE = 2e-6


class _Rows(Struct):
    """Row vectors w with  r . v = w . [D, 1],  one for each choice of formulas.

    Attributes:
        weights: for r at each probe, then for a vector along the target at the first one (N, entries of D + 1).
        levels: from the result up to where D comes in.
        chosen: (N, levels), the formula of each level; the right one is 0.
        costs: (N,).
    """

    weights: list[Array]
    levels: list[Level]
    chosen: Array
    costs: Array

    @property
    def upstream(self) -> str:
        return self.levels[-1].upstream


def compositions(target: Target, name: str, maps: Maps, evaluator: Evaluator, mistakes: int) -> list[Hypothesis]:
    """The hypotheses of `mistakes` (2 or 3) mistakes that together give the target."""
    hits: list[tuple[float, list[Level], Array, int]] = []
    for rows in _all_rows(target, name, maps, mistakes):
        stock = maps.stock(rows.upstream)
        if stock is not None:
            found = _hits(target, rows, stock, MOST_COST[mistakes])
            hits += [(cost, rows.levels, choice, number) for cost, choice, number in found]
    hits.sort(key=lambda hit: hit[0])
    hypotheses: list[Hypothesis] = []
    cheapest = np.inf
    for cost, levels, choice, number in hits[:MOST_VERIFIED]:
        if hypotheses and cost > cheapest + NEARLY:
            break
        node, edits = _assembled(levels, choice, maps, number)
        if len(edits) < mistakes:
            continue
        if hypothesis := verify(target, node, edits, cost + SECOND_MISTAKE * (mistakes - 1), evaluator, "composition"):
            hypotheses.append(hypothesis)
            cheapest = min(cheapest, cost)
    return hypotheses


def _all_rows(target: Target, name: str, maps: Maps, mistakes: int) -> Iterator[_Rows]:
    """With one level wrong, or two: D is wrong as well."""
    links = maps.links(name)
    whole = maps.whole(name)
    levels = [*([whole] if whole else []), *links]
    for i, level in enumerate(levels):
        first = _first_rows(target, name, level, maps, MOST_COST[mistakes])
        if first is None:
            continue
        if mistakes == 2:
            yield first
            continue
        for further in levels[i + 1 :]:
            rows = _further_rows(first, further, maps, MOST_COST[mistakes])
            if rows is not None:
                yield rows
            passed = _passed(first, further, maps)
            if passed is None:
                break
            first = passed


def _first_rows(target: Target, name: str, level: Level, maps: Maps, most_cost: float) -> _Rows | None:
    """All choices at one level, all levels between it and the result being right."""
    sizes = sizes_of(target.values[:MAPPED])
    group = maps.group(level, name, sizes)
    if group is None:
        return None
    count = int(np.searchsorted(group.costs, most_cost, side="right"))
    weights, along = [], None
    for value, rows in zip(target.values, group.rows, strict=False):
        flat = value.reshape(-1)
        x, y = directions(flat.size) @ flat
        length = float(np.hypot(x, y)) or 1.0
        weights.append((y * rows[:count, 0] - x * rows[:count, 1]) / length)
        if along is None:
            along = (x * rows[:count, 0] + y * rows[:count, 1]) / length
    links = maps.links(name)
    passed = links[: links.index(level)] if level in links else []
    chosen = np.zeros((count, len(passed) + 1), dtype=int)
    chosen[:, -1] = group.numbers[:count]
    assert along is not None
    return _Rows([*weights, along], [*passed, level], chosen, group.costs[:count])


def _further_rows(before: _Rows, level: Level, maps: Maps, most_cost: float) -> _Rows | None:
    """All choices at one more level."""
    group = maps.square(level, most_cost)
    if group is None:
        return None
    weights = []
    for k, rows in enumerate(before.weights):
        matrices = group.rows[k % MAPPED]
        if matrices.shape[1] != rows.shape[1] - 1:
            return None
        after = np.einsum("no,moi->nmi", rows[:, :-1], matrices, optimize=True)
        after[:, :, -1] += rows[:, None, -1]
        weights.append(after.reshape(-1, after.shape[2]))
    count = len(group.costs)
    chosen = np.repeat(before.chosen, count, axis=0)
    added = np.tile(group.numbers, len(before.chosen))[:, None]
    costs = (before.costs[:, None] + group.costs[None]).reshape(-1)
    return _Rows(weights, [*before.levels, level], np.concatenate([chosen, added], axis=1), costs)


def _passed(before: _Rows, level: Level, maps: Maps) -> _Rows | None:
    """The same choices one level further up, that level being right."""
    right = maps.right(level)
    if right is None or any(m.shape[0] != rows.shape[1] - 1 for m, rows in zip(right, before.weights, strict=False)):
        return None
    weights = []
    for k, rows in enumerate(before.weights):
        after = rows[:, :-1] @ right[k % MAPPED]
        after[:, -1] += rows[:, -1]
        weights.append(after)
    chosen = np.concatenate([before.chosen, np.zeros((len(before.chosen), 1), dtype=int)], axis=1)
    return _Rows(weights, [*before.levels, level], chosen, before.costs)


def _hits(target: Target, rows: _Rows, stock: Stock, most_cost: float) -> Iterator[tuple[float, Array, int]]:
    """Cost, choice of formulas and number of the entry for each combination that passes at both probes."""
    common = stock.costs <= most_cost
    known = [values[common] for values in stock.values]
    entries, entry_costs = stock.entries[common], stock.costs[common]
    if any(values.shape[1] != weights.shape[1] for values, weights in zip(known, rows.weights, strict=False)):
        return
    tolerance = target.search_tolerance
    lengths = [np.linalg.norm(weights, axis=1) for weights in rows.weights]
    useful = np.nonzero(np.all([length > 1e-12 * np.median(length) for length in lengths], axis=0))[0]
    units = [weights[useful] / length[useful, None] for weights, length in zip(rows.weights, lengths, strict=True)]
    coarse = units[0].astype(np.float32), known[0].T.astype(np.float32)  # most are sorted out in single precision
    found = 0
    rows_at_once = max(1, CHUNK // max(1, len(entries)))
    for start in range(0, len(useful), rows_at_once):
        first = coarse[0][start : start + rows_at_once] @ coarse[1]
        near = np.flatnonzero(np.abs(first, out=first) <= max(tolerance, COARSE))
        if not near.size:
            continue
        i, j = np.divmod(near, len(entries))
        for k in range(MAPPED):
            close = np.abs(np.einsum("ni,ni->n", units[k][start + i], known[k][j])) <= tolerance
            i, j = i[close], j[close]
        something = np.abs(np.einsum("ni,ni->n", units[-1][start + i], known[0][j])) > NOTHING
        i, j = i[something], j[something]
        for row, column in zip(i.tolist(), j.tolist(), strict=True):
            which = useful[start + row]
            yield float(rows.costs[which] + entry_costs[column]), rows.chosen[which], int(entries[column])
        found += len(i)
        if found > MOST_HITS:
            return


def _assembled(levels: Sequence[Level], choice: Array, maps: Maps, number: int) -> tuple[Node, tuple[Edit, ...]]:
    """The formula of a choice, put together from the root down, and its edits from the last one up."""
    name, upstream = levels[0].name, levels[-1].upstream
    node, edits, _ = maps.tables.entry(upstream, number)
    edits = edits if upstream == name else in_upstream(edits, gradient_text(upstream))
    for level, i in reversed(list(zip(levels, choice.tolist(), strict=True))):
        outer, more, _ = maps.formulas(level)[i]
        more = more if level.name == name else in_upstream(more, gradient_text(level.name))
        node, edits = replaced(outer, level.leaf, node), (*more, *edits)
    return node, edits
