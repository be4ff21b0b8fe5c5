"""What an answer is where it is not the gradient: a quantity, another expression, the gradient times matrices."""

from collections.abc import Sequence

from grader.diagnosis.comparison import Target, verify
from grader.diagnosis.formulas.expression import Evaluator, Node, q, text
from grader.diagnosis.hypothesis import Hypothesis
from grader.diagnosis.operators import OPERATORS

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
