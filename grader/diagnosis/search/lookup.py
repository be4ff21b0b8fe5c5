"""Search the tables for formulas with given numbers: one mistake, or one mistake on the student's own upstream gradient."""

import numpy as np

from grader.diagnosis.formulas.expression import Evaluator, Values
from grader.diagnosis.hypothesis import Hypothesis
from grader.diagnosis.search.maps import Maps
from grader.diagnosis.tables.tables import Entries
from grader.diagnosis.target import Target
from grader.diagnosis.verify import retell
from grader.problem.model import Array

MOST = 24


def look_up(target: Target, entries: Entries, probes: int, evaluator: Evaluator, layer: str) -> list[Hypothesis]:
    """The stories of all entries with these numbers, up to a factor."""
    found = entries.index.near(target.values[:probes], target.search_tolerance)
    hypotheses = []
    for i in found[np.argsort(entries.costs[found], kind="stable")][:MOST]:
        node, edits = entries.entry(int(i))
        if hypothesis := retell(target, node, edits, float(entries.costs[i]), evaluator, layer):
            hypotheses.append(hypothesis)
    return hypotheses


def look_up_local(target: Target, maps: Maps, own: Values, evaluator: Evaluator) -> list[Hypothesis]:
    """The stories of one mistake made on the student's own upstream gradient `own`; `evaluator` has it in place."""
    sizes = tuple(value.size for value in target.values)
    group = maps.group(sizes)
    if group is None or any(value.size + 1 != m.shape[2] for value, m in zip(own, group.matrices, strict=False)):
        return []
    close = np.ones(len(group.costs), dtype=bool)
    for k, matrices in enumerate(group.matrices):
        candidates = matrices @ np.append(own[k].reshape(-1), 1.0)
        close &= _parallel(candidates, target.values[k].reshape(-1), target.search_tolerance)
    hypotheses = []
    chosen = np.nonzero(close)[0]
    for i in chosen[np.argsort(group.costs[chosen], kind="stable")][:MOST]:
        node, edits = group.entry(int(i))
        if hypothesis := retell(target, node, edits, float(group.costs[i]), evaluator, "local"):
            hypotheses.append(hypothesis)
    return hypotheses


def _parallel(candidates: Array, wanted: Array, tolerance: float) -> Array:
    """Which rows of `candidates` (N, n) are multiples of `wanted` (n,)."""
    length = float(wanted @ wanted)
    if not length:
        return np.ones(len(candidates), dtype=bool)
    along = (candidates @ wanted) / length
    rest = np.linalg.norm(candidates - along[:, None] * wanted, axis=1)
    return np.asarray(rest <= tolerance * np.maximum(np.linalg.norm(candidates, axis=1), 1e-300))
