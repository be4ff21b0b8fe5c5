"""What an answer is where it is not the gradient: a quantity, another expression, the gradient times matrices."""

from collections.abc import Iterator, Sequence

import numpy as np

from grader.diagnosis.comparison import Target, verify
from grader.diagnosis.formulas.expression import Evaluator, Node, Values, q, text
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Hypothesis
from grader.diagnosis.operators import OPERATORS
from grader.problem.model import Array

WRONG_RESULT = OPERATORS["wrong-result"]
COMPOUND = 2.0  # what the answer is, is no story of how it came about
PLAINER = -1.0  # than two mistakes that leave nothing but the quantity


def returned_quantity(target: Target, names: Sequence[str], evaluator: Evaluator) -> list[Hypothesis]:
    """The answer as one of the quantities of the sample point, returned as it is."""
    hypotheses = [instead(target, q(name), PLAINER, evaluator) for name in names]
    return [
        hypothesis
        for hypothesis in hypotheses
        if hypothesis is not None and len(hypothesis.edits) == 1 and hypothesis.cost <= WRONG_RESULT.cost
    ]


def instead(target: Target, node: Node, cost: float, evaluator: Evaluator) -> Hypothesis | None:
    """The answer as something else than the gradient; a factor is one of that, not of the right gradient."""
    all_in_all = cost + COMPOUND if cost > 0 else cost
    hypothesis = single_edit(target, node, WRONG_RESULT.slug, "the result", text(node), all_in_all, evaluator)
    if hypothesis is None or not any(edit.kind in ("scale", "sign") for edit in hypothesis.edits):
        return hypothesis
    others = tuple(edit for edit in hypothesis.edits[1:] if edit.kind not in ("scale", "sign"))
    edit = WRONG_RESULT.edit("the result", new=f"a multiple of {text(node)}")
    return Hypothesis((edit, *others), hypothesis.formula, hypothesis.cost, hypothesis.layer)


def single_edit(
    target: Target, node: Node, operator: str, where: str, new: str, cost: float, evaluator: Evaluator
) -> Hypothesis | None:
    edit = OPERATORS[operator].edit(where, new=new)
    return verify(target, node, (edit,), edit.cost + 0.3 * cost, evaluator, "inverse")


def beyond(target: Target, name: str, node: Node, cost: float, evaluator: Evaluator) -> Hypothesis | None:
    """The gradient with further matrices multiplied in, for a formula that is that."""
    inner, factors = node, list[Node]()
    while inner[0] == "mm":
        inner, factors = inner[1], [inner[2], *factors]
    if inner != ("g", name) or not factors:
        return None
    where = ", ".join(dict.fromkeys(text(factor).removesuffix("^T") for factor in factors))
    return single_edit(target, node, "extra-matrix", where, " @ ".join(map(text, factors)), cost, evaluator)


def left_out(target: Target, name: str, quotient: Values, world: World, evaluator: Evaluator) -> Iterator[Hypothesis]:
    """The gradient without a factor that all of it has, where what is left is 1 over that quantity, entry by entry.

    Args:
        quotient: of the answer and the gradient.
    """
    for quantity in world.shapes:
        factor = evaluator(q(quantity))
        if factor is not None and all(map(_are_inverse, quotient, factor)):
            without = ("div", ("g", name), q(quantity))
            hypothesis = single_edit(target, without, "missing-factor", quantity, "", 0.0, evaluator)
            if hypothesis is not None:
                yield hypothesis


def _are_inverse(quotient: Array, factor: Array) -> bool:
    try:
        product = quotient * factor
    except ValueError:  # of shapes that do not fit
        return False
    return factor.size > 1 and product.shape == quotient.shape and bool(np.allclose(product, 1.0, 1e-6, 0))
