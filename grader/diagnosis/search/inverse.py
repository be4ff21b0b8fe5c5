"""What was added to a right value, or multiplied into it: the difference or the quotient, looked up in the bank of concepts.

Also a table of all pairs taken apart into its two rows, and the concept that the answer as a whole is.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from grader.diagnosis.formulas.expression import Evaluator, Node, Values, add, leaves, mul, number, q
from grader.diagnosis.formulas.rendering import gradient_text, text
from grader.diagnosis.hypothesis import Hypothesis
from grader.diagnosis.operators import OPERATORS, Operator
from grader.diagnosis.tables.signatures import signature
from grader.diagnosis.tables.tables import Entries
from grader.diagnosis.target import Target
from grader.diagnosis.verify import retell

MOST = 12
SMALLEST_PART = 1e-8
WRONG_RESULT = OPERATORS["wrong-result"]
PLAINER = -1.0  # than two mistakes that leave nothing but the quantity
HANDED_IN = WRONG_RESULT.cost


def added_or_multiplied(
    target: Target, name: str, bank: Entries, terms: Entries, evaluator: Evaluator, probes: int
) -> list[Hypothesis]:
    """The stories of the gradient `name` with something added, or multiplied in entry by entry.

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
    for node, cost in _named(difference, arranged, [bank, terms], target, probes):
        if ("g", name) in leaves(node):
            continue  # the gradient plus (a minus the gradient) is a, and no story
        factor = _factor(difference, evaluator(node))
        if factor is not None:
            whole = add(("g", name), node if factor == 1.0 else mul(number(factor), node))
            shown = text(node) if factor == 1.0 else f"a multiple of {text(node)}"
            hypotheses.append(_story(target, whole, OPERATORS["extra-term"], text(node), shown, cost, evaluator))
    if all(np.all(np.abs(truth) > 0) for truth in right):
        quotient = [value / truth for value, truth in zip(arranged, right, strict=True)]
        for node, cost in _named(quotient, quotient, [bank], target, probes):
            if ("g", name) in leaves(node):
                continue
            whole = mul(("g", name), node)
            hypotheses.append(_story(target, whole, OPERATORS["extra-factor"], text(node), text(node), cost, evaluator))
    return [hypothesis for hypothesis in hypotheses if hypothesis is not None]


def concept(
    target: Target, bank: Entries, others: Sequence[tuple[str, Entries]], evaluator: Evaluator, probes: int
) -> list[Hypothesis]:
    """What the answer is, where it is a concept of the bank or a formula of another gradient."""
    hypotheses = []
    for node, cost in _named(target.values, target.values, [bank], target, probes):
        hypotheses.append(_instead(target, node, cost, evaluator))
    for other, entries in others:
        found = entries.index.near(target.values[:probes], target.search_tolerance)
        for i in found[np.argsort(entries.costs[found], kind="stable")][:3]:
            node, edits = entries.entry(int(i))
            shown = f"those of {gradient_text(other)}"
            edit = OPERATORS["wrong-result"].edit("the result", new=shown)
            cost = float(entries.costs[i]) + edit.cost
            hypotheses.append(retell(target, node, (edit, *edits), cost, evaluator, "bank"))
    return [hypothesis for hypothesis in hypotheses if hypothesis is not None]


def quantity(target: Target, names: Sequence[str], evaluator: Evaluator) -> list[Hypothesis]:
    """The answer as one of the quantities of the step, handed in as it is."""
    hypotheses = [_instead(target, q(name), PLAINER, evaluator) for name in names]
    return [
        hypothesis
        for hypothesis in hypotheses
        if hypothesis is not None and len(hypothesis.edits) == 1 and hypothesis.cost <= HANDED_IN
    ]


def _instead(target: Target, node: Node, cost: float, evaluator: Evaluator) -> Hypothesis | None:
    """The answer as something else than the gradient; a factor is one of that, not of the right gradient."""
    hypothesis = _story(target, node, WRONG_RESULT, "the result", text(node), cost, evaluator)
    if hypothesis is None or not any(edit.kind in ("scale", "sign") for edit in hypothesis.edits):
        return hypothesis
    others = tuple(edit for edit in hypothesis.edits[1:] if edit.kind not in ("scale", "sign"))
    edit = WRONG_RESULT.edit("the result", new=f"a multiple of {text(node)}")
    return Hypothesis((edit, *others), hypothesis.formula, hypothesis.cost, hypothesis.layer)


def _story(
    target: Target, node: Node, operator: Operator, where: str, new: str, cost: float, evaluator: Evaluator
) -> Hypothesis | None:
    edit = operator.edit(where, new=new)
    return retell(target, node, (edit,), edit.cost + 0.3 * cost, evaluator, "inverse")


def _named(
    values: Values, whole: Values, sources: Sequence[Entries], target: Target, probes: int
) -> Iterator[tuple[Node, float]]:
    """Formulas whose numbers are a multiple of `values`, which are known as exactly as `whole` is."""
    sizes = [float(np.linalg.norm(value)) for value in values[:probes]]
    wholes = [float(np.linalg.norm(of)) for of in whole[: len(sizes)]]
    if not all(wholes):  # so small that its square is zero
        return
    parts = [size / of for size, of in zip(sizes, wholes, strict=True)]
    if not min(parts, default=0.0) > SMALLEST_PART or all(size <= 1 for size in signature(values)):
        return
    tolerance = min(target.search_tolerance / min(parts), 1e-4)
    for entries in sources:
        found = entries.index.near(values[:probes], tolerance)
        for i in found[np.argsort(entries.costs[found], kind="stable")][:MOST]:
            node, edits = entries.entry(int(i))
            yield node, float(entries.costs[i]) + len(edits)


def _factor(values: Values, base: Values | None) -> float | None:
    """The one number that `base` is to be multiplied by, the same at all steps, or None."""
    if base is None or any(v.size != b.size for v, b in zip(values, base, strict=True)):
        return None
    factors = [float(b.reshape(-1) @ v.reshape(-1) / np.vdot(b, b)) for v, b in zip(values, base, strict=True)]
    if max(abs(factor - factors[0]) for factor in factors) > 1e-3 * abs(factors[0]):
        return None
    rounded = float(f"{factors[0]:.6g}")
    return rounded if rounded else None
