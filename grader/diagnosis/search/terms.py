"""Mistakes in a formula of several terms: made on several of the student's own gradients, or in how the terms are weighted."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from grader.diagnosis.comparison import Target, verify
from grader.diagnosis.formulas.expression import Evaluator, Node, Values, add, mul, number
from grader.diagnosis.hypothesis import Edit, Hypothesis, given
from grader.diagnosis.mutations.arrays import bare_text, left_out
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.tables.build import Tables
from grader.problem.model import Array

MOST_COST = 2.0  # of one mistake that is tried on several gradients
MOST_TERMS = 6
DECIMALS = 6  # of a weight
MOST_UNKNOWN = 0.25  # weights for each entry of the answer: with more of them, some weights would fit by chance

Upstream = Callable[[str, Mapping[str, Values]], Iterator[tuple[str, Values]]]


def on_several(
    tables: Tables, name: str, target: Target, own: Mapping[str, Values], upstream: Upstream, evaluator: Evaluator
) -> list[Hypothesis]:
    """One mistake in a formula of several upstream gradients, all of them the student's own.

    Args:
        upstream: gives what the student may have used for a gradient, and whose mistake is in it.
    """
    used = {other: next(upstream(other, own), None) for other in tables.world.upstream(name)}
    gradients = {other: found[1] for other, found in used.items() if found is not None}
    if not gradients:
        return []
    root = next(one for one in own if not any(other in own for other in tables.assignment.ancestors[one]))
    everywhere = evaluator.with_gradients(gradients)
    exact = {other: values[:1] for other, values in tables.assignment.exact.items()}
    exact |= {other: values[:1] for other, values in gradients.items()}
    first = Evaluator(evaluator.graph, evaluator.functions, evaluator.points[:1], exact)
    formulas, found = tables[name].formulas, []
    for i in np.flatnonzero(formulas.costs <= MOST_COST).tolist()[1:]:
        node, edits = formulas[i]
        values = first(node)
        if values is not None and _is_multiple(values[0], target.values[0], target.tolerance):
            found.append(verify(target, node, edits, float(formulas.costs[i]), everywhere, "local"))
    return [given(hypothesis, root) for hypothesis in found if hypothesis is not None]


def _is_multiple(value: Array, wanted: Array, tolerance: float) -> bool:
    if value.size != wanted.size:
        return False
    flat, goal = value.reshape(-1), wanted.reshape(-1)
    square = float(flat @ flat)
    gap = np.abs(goal - (float(flat @ goal) / square if square else 0.0) * flat)
    return bool(np.max(gap) <= tolerance * np.max(np.abs(goal)))


def weighted(tree: Node, target: Target, evaluator: Evaluator) -> list[Hypothesis]:
    """The terms of a sum with weights that are the same at every sample point."""
    terms = tree[1:] if tree[0] == "add" else ()
    if not 2 <= len(terms) <= MOST_TERMS:
        return []
    columns = [evaluator(term) for term in terms]
    whole = evaluator(tree)
    if whole is None or any(value.shape != right.shape for value, right in zip(target.values, whole, strict=True)):
        return []
    filled = [
        [np.broadcast_to(value, right.shape) for value, right in zip(values, whole, strict=True)]
        for values in columns
        if values is not None
    ]
    matrix = np.stack([_flat(values) for values in filled], axis=1)
    goal = _flat(target.values)
    if matrix.shape[1] < len(terms) or len(terms) > MOST_UNKNOWN * len(goal):
        return []
    weights, _, rank, _ = np.linalg.lstsq(matrix, goal, rcond=None)
    rounded = [round(float(weight), DECIMALS) for weight in weights]
    if rank < len(terms) or len(set(rounded)) == 1:  # a scale of the whole
        return []
    edits = _edits(terms, rounded)
    parts = [mul(number(float(weight)), term) for weight, term in zip(weights, terms, strict=True)]
    cost = sum(edit.cost for edit in edits)
    found = verify(target, add(*parts), edits, cost, evaluator, "formula")
    return [found] if found is not None and found.edits == edits else []


def _flat(values: Values) -> Array:
    return np.concatenate([value.reshape(-1) for value in values])


def _edits(terms: tuple[Node, ...], weights: list[float]) -> tuple[Edit, ...]:
    """What the weights say of the terms: left out, subtracted, or all of them weighted."""
    if all(weight in (0, 1, -1) for weight in weights):
        found = [
            ("sign-term" if weight else left_out(term), bare_text(term))
            for weight, term in zip(weights, terms, strict=True)
            if weight != 1
        ]
        return tuple(OPERATORS[slug].edit(shown, new=shown) for slug, shown in found)
    shown = _listed([f"{weight:.4g}" for weight in weights])
    return (OPERATORS["weighted-terms"].edit(_listed(list(map(bare_text, terms))), new=shown),)


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
