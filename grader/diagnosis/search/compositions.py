"""Two and three mistakes at once, along the chain of gradients: searched as products of maps, without a table of them.

A gradient is  v = M1 [M2 [... [D, 1]]],  with a map of what is done with the result, the maps of the gradients on its way up, and
a value D from a table, each of them right or one mistake away.  For r orthogonal to v, all combinations with r . v = 0 are found
by matrix products; what is found is recomputed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from grader.diagnosis.comparison import Target, verify
from grader.diagnosis.formulas.expression import Evaluator, Node, replaced
from grader.diagnosis.hypothesis import Edit, Hypothesis
from grader.diagnosis.tables.tables import MAPPED, Group, Maps, Tables, direction
from grader.problem.model import Array

SECOND_MISTAKE = 0.5
MOST_COST = {2: 9.0, 3: 2.25}  # of one mistake: with three of them only common ones are looked for
CHUNK = 1 << 18  # products at a time: as many as fit in the processor's cache
MOST_HITS = 400
MOST_VERIFIED = 40
NOTHING = 1e-7
NEARLY = 0.3
COARSE = 2e-6


@dataclass
class _Rows:
    """Row vectors w with  r . v = w . [D, 1],  one for each choice of maps so far.

    Attributes:
        weights: for r at each probe, then for any other r at the first one (N, entries of D + 1).
        chosen: (N, levels), the map of each level.
        costs: (N,).
    """

    weights: list[Array]
    chosen: Array
    costs: Array


def compositions(target: Target, name: str, tables: Tables, evaluator: Evaluator, mistakes: int) -> list[Hypothesis]:
    """The hypotheses of `mistakes` (2 or 3) mistakes that together give the target."""
    hits: list[tuple[float, list[Maps], list[Group], Array, int]] = []
    for chain in _chains(name, tables, target):
        for depth in range(mistakes - 2, len(chain)):
            groups = _groups(chain[: depth + 1], target)
            if groups is None or chain[depth].upstream not in tables.values:
                continue
            for others in combinations(range(depth), mistakes - 2):
                rows = _rows(target, groups, (*others, depth), MOST_COST[mistakes])
                for cost, choice, entry in _hits(target, rows, tables, chain[depth], MOST_COST[mistakes]):
                    hits.append((cost, chain[: depth + 1], groups, choice, entry))
    hits.sort(key=lambda hit: hit[0])
    hypotheses: list[Hypothesis] = []
    cheapest = np.inf
    for cost, links, groups, choice, entry in hits[:MOST_VERIFIED]:
        if hypotheses and cost > cheapest + NEARLY:
            break
        node, edits = _assembled(links, groups, choice, tables, entry)
        if len(edits) < mistakes:
            continue
        if hypothesis := verify(target, node, edits, cost + SECOND_MISTAKE * (mistakes - 1), evaluator, "composition"):
            hypotheses.append(hypothesis)
            cheapest = min(cheapest, cost)
    return hypotheses


def _chains(name: str, tables: Tables, target: Target) -> list[list[Maps]]:
    """The maps from the target up to the root: from what is done with the result where there is such, and without it."""
    links, gradient = [], name
    while gradient in tables.maps:
        links.append(tables.maps[gradient])
        gradient = links[-1].upstream
    whole = tables.wholes.get(name)
    if whole is None:
        return [links]
    sizes = tuple(value.size for value in target.values)
    right = whole.groups[0].sizes == sizes[:MAPPED]  # then the first map of the group leaves the result as it is
    return [[whole, *links]] if right else [[whole, *links], links]


def _groups(chain: Sequence[Maps], target: Target) -> list[Group] | None:
    """The maps of each level that fit together: to the target's size first, then to the right sizes."""
    sizes = tuple(value.size for value in target.values)
    groups = []
    for maps in chain:
        group = maps.group(sizes)
        if group is None:
            return None
        groups.append(group)
        sizes = tuple(matrices.shape[2] - 1 for matrices in group.matrices)
    return groups


def _rows(target: Target, groups: Sequence[Group], levels: Sequence[int], most_cost: float) -> _Rows:
    """All choices of maps at `levels`; at the others the right one, which is the first of the group."""
    starts = _orthogonal(target, MAPPED)
    starts.append(direction(len(starts[0])))
    rows = _Rows([np.append(start, 0.0)[None, :] for start in starts], np.zeros((1, 0), dtype=int), np.zeros(1))
    for level, group in enumerate(groups):
        count = max(1, int(np.searchsorted(group.costs, most_cost, side="right"))) if level in levels else 1
        weights = []
        for k, before in enumerate(rows.weights):
            after = np.einsum("no,moi->nmi", before[:, :-1], group.matrices[k % MAPPED][:count], optimize=True)
            after[:, :, -1] += before[:, None, -1]
            weights.append(after.reshape(-1, after.shape[2]))
        chosen = np.repeat(rows.chosen, count, axis=0)
        added = np.tile(np.arange(count), len(rows.chosen))[:, None]
        costs = (rows.costs[:, None] + group.costs[None, :count]).reshape(-1)
        rows = _Rows(weights, np.concatenate([chosen, added], axis=1), costs)
    return rows


def _orthogonal(target: Target, probes: int) -> list[Array]:
    """A random vector orthogonal to the target at each probe."""
    found = []
    for value in target.values[:probes]:
        flat = value.reshape(-1)
        random = direction(flat.size + 1)[:-1]
        length = float(flat @ flat)
        found.append(random - (float(random @ flat) / length if length else 0.0) * flat)
    return found


def _hits(
    target: Target, rows: _Rows, tables: Tables, last: Maps, most_cost: float
) -> Iterator[tuple[float, Array, int]]:
    """Cost, choice of maps and number of the entry for each combination that passes at both probes."""
    stock = tables.values[last.upstream]
    common = stock.costs <= most_cost
    known = [values[common] for values in stock.values]
    entries, entry_costs = stock.entries[common], stock.costs[common]
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


def _assembled(
    chain: Sequence[Maps], groups: Sequence[Group], choice: Array, tables: Tables, entry: int
) -> tuple[Node, tuple[Edit, ...]]:
    """The formula of a choice, put together from the root down, and its edits from the last one up."""
    node, edits = tables.gradients[chain[-1].upstream].entry(entry)
    for maps, group, i in reversed(list(zip(chain, groups, choice.tolist(), strict=True))):
        outer, more = group.entry(i)
        node, edits = replaced(outer, ("g", maps.upstream), node), (*more, *edits)
    return node, edits
