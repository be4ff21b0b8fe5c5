"""What was added to a right value, or multiplied into it: the difference or the quotient, looked up among the candidates.

Then what the answer is as a whole: one of the candidates, or a formula of another gradient.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from grader.diagnosis.comparison import Target, verify
from grader.diagnosis.formulas.expression import Evaluator, Node, Values, add, leaves, mul, number, q
from grader.diagnosis.formulas.rendering import gradient_text, text
from grader.diagnosis.hypothesis import Hypothesis
from grader.diagnosis.operators import OPERATORS
from grader.diagnosis.tables.tables import Entries

MOST, MOST_OF_OTHERS = 12, 3
SMALLEST_PART = 1e-8
WRONG_RESULT = OPERATORS["wrong-result"]
PLAINER = -1.0  # than two mistakes that leave nothing but the quantity


def added_or_multiplied(
    target: Target, name: str, candidates: Entries, terms: Entries, evaluator: Evaluator
) -> list[Hypothesis]:
    """The hypotheses of the gradient `name` with something added, or multiplied in entry by entry.

    Args:
        terms: formulas of the gradient itself, which may have been added too.
        evaluator: has the values of the gradient and what it is made of.
    """
    right = evaluator(("g", name))
    if right is None or any(v.size != r.size for v, r in zip(target.values, right, strict=True)):
        return []
    arranged = [value.reshape(truth.shape) for value, truth in zip(target.values, right, strict=True)]
    hypotheses = []
    difference = [value - truth for value, truth in zip(arranged, right, strict=True)]
    for node, cost in _multiples(difference, arranged, [candidates, terms], target):
        factor = _factor(difference, evaluator(node))
        # The gradient plus (a minus the gradient) is a, and explains nothing.
        if factor is not None and ("g", name) not in leaves(node):
            whole = add(("g", name), node if factor == 1.0 else mul(number(factor), node))
            shown = text(node) if factor == 1.0 else f"a multiple of {text(node)}"
            hypotheses.append(_verified(target, whole, "extra-term", text(node), shown, cost, evaluator))
    if all(np.all(np.abs(truth) > 0) for truth in right):
        quotient = [value / truth for value, truth in zip(arranged, right, strict=True)]
        for node, cost in _multiples(quotient, quotient, [candidates], target):
            if ("g", name) not in leaves(node):
                whole = mul(("g", name), node)
                hypotheses.append(_verified(target, whole, "extra-factor", text(node), text(node), cost, evaluator))
    return [hypothesis for hypothesis in hypotheses if hypothesis is not None]


def instead(
    target: Target, candidates: Entries, others: Mapping[str, Entries], evaluator: Evaluator
) -> list[Hypothesis]:
    """What the answer is, where it is one of the candidates or a formula of another gradient."""
    found = _multiples(target.values, target.values, [candidates], target)
    hypotheses = [_instead(target, node, cost, evaluator) for node, cost in found]
    for other, entries in others.items():
        edit = WRONG_RESULT.edit("the result", new=f"those of {gradient_text(other)}")
        for i in entries.near(target.values, target.search_tolerance, MOST_OF_OTHERS):
            node, edits = entries.entry(i)
            cost = float(entries.costs[i]) + edit.cost
            hypotheses.append(verify(target, node, (edit, *edits), cost, evaluator, "candidates"))
    return [hypothesis for hypothesis in hypotheses if hypothesis is not None]


def returned_quantity(target: Target, names: Sequence[str], evaluator: Evaluator) -> list[Hypothesis]:
    """The answer as one of the quantities of the sample point, returned as it is."""
    hypotheses = [_instead(target, q(name), PLAINER, evaluator) for name in names]
    return [
        hypothesis
        for hypothesis in hypotheses
        if hypothesis is not None and len(hypothesis.edits) == 1 and hypothesis.cost <= WRONG_RESULT.cost
    ]


def _instead(target: Target, node: Node, cost: float, evaluator: Evaluator) -> Hypothesis | None:
    """The answer as something else than the gradient; a factor is one of that, not of the right gradient."""
    hypothesis = _verified(target, node, WRONG_RESULT.slug, "the result", text(node), cost, evaluator)
    if hypothesis is None or not any(edit.kind in ("scale", "sign") for edit in hypothesis.edits):
        return hypothesis
    others = tuple(edit for edit in hypothesis.edits[1:] if edit.kind not in ("scale", "sign"))
    edit = WRONG_RESULT.edit("the result", new=f"a multiple of {text(node)}")
    return Hypothesis((edit, *others), hypothesis.formula, hypothesis.cost, hypothesis.layer)


def _verified(
    target: Target, node: Node, operator: str, where: str, new: str, cost: float, evaluator: Evaluator
) -> Hypothesis | None:
    edit = OPERATORS[operator].edit(where, new=new)
    return verify(target, node, (edit,), edit.cost + 0.3 * cost, evaluator, "inverse")


def _multiples(
    values: Values, whole: Values, sources: Sequence[Entries], target: Target
) -> Iterator[tuple[Node, float]]:
    """Formulas whose numbers are a multiple of `values`, which are known as exactly as `whole` is; and their costs."""
    probes = sources[0].probes
    sizes = [float(np.linalg.norm(value)) for value in values[:probes]]
    wholes = [float(np.linalg.norm(of)) for of in whole[:probes]]
    if not all(wholes):  # so small that its square is zero
        return
    parts = [size / of for size, of in zip(sizes, wholes, strict=True)]
    if not min(parts, default=0.0) > SMALLEST_PART or all(value.size <= 1 for value in values):
        return
    tolerance = min(target.search_tolerance / min(parts), 1e-4)
    for entries in sources:
        for i in entries.near(values, tolerance, MOST):
            node, edits = entries.entry(i)
            yield node, float(entries.costs[i]) + len(edits)


def _factor(values: Values, base: Values | None) -> float | None:
    """The number to multiply `base` by, the same at all sample points, or None."""
    if base is None or any(v.size != b.size for v, b in zip(values, base, strict=True)):
        return None
    factors = [float(b.reshape(-1) @ v.reshape(-1) / np.vdot(b, b)) for v, b in zip(values, base, strict=True)]
    if max(abs(factor - factors[0]) for factor in factors) > 1e-3 * abs(factors[0]):
        return None
    return float(f"{factors[0]:.6g}") or None
