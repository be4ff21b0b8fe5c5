"""What a diagnosis says to students: what their numbers are, and never what belongs there.  One sentence for each operator.

`{where}` is only in sentences of operators whose `where` the student's numbers contain; `{place}` is a place in the formula.
"""

import re
from collections.abc import Set

import msgspec
from msgspec.structs import replace

from grader.diagnosis.formulas.expression import Node
from grader.diagnosis.hypothesis import Edit, Explanation, Hypothesis, inside
from grader.diagnosis.place_in_formula import place_in, stands_transposed, transposed

_GET = "Your numbers are what you get"
_SUMS = "with an inner product, which sums over an index."
_OTHER_QUANTITY = f"{_GET} with {{new}} {{place}}, where another quantity belongs."

SENTENCES: dict[str, str] = {
    "sign-result": "Your numbers have the right size but the opposite sign throughout.",
    "sign-term": "One term enters with the opposite sign.",
    "sign-argument": f"{_GET} when something inside a function has the opposite sign.",
    "sign-absolute": f"{_GET} when minus signs are dropped in one part, as an absolute value does.",
    "sign-jacobian": "One kind of term in the Jacobian of {where} has the opposite sign.",
    "transpose-result": "Your numbers are right, but rows and columns are swapped.",
    "transpose-factor": f"{_GET} when {{where}} is read along the wrong one of its two axes.",
    "transpose-reshape": f"{_GET} with a reshape, which keeps the order in which the entries are read.",
    "reshape-order": f"{_GET} when a vector is put into its shape column by column.",
    "flipped": f"{_GET} when an array is taken in the opposite order.",
    "transpose-pairing": f"{_GET} when a factor is applied along the wrong axis of a matrix.",
    "operand-order": "Your numbers are right, but form a {new}: two factors are in the wrong order.",
    "step-order": f"{_GET} when the steps are taken in the wrong order.",
    "operand-order-steps": f"{_GET} when one factor is multiplied in after the matrix.",
    "operand-order-early": f"{_GET} when one factor is multiplied in before the matrix.",
    "operand-order-side": f"{_GET} when one factor is multiplied into the wrong side of a matrix product.",
    "shape-squeezed": "Your numbers are right, but the result has lost (or gained) an axis of length 1.",
    "shape-reshaped": "Your numbers are right, but in the wrong shape.",
    "shape-cut": "Your numbers are right, but entries at the ends are missing{new}.",
    "shape-scattered": "Your numbers are right, but fill one row of a larger array; its other rows are zero.",
    "row-alone": "Your numbers are right, but they are a single row of the array that is asked for.",
    "shape-repeated": "Your numbers are right, but repeated: numpy has broadcast a row.",
    "repeated-rows": "Your numbers are right, but there {new}, one after the other.",
    "shape-broadcast": f"{_GET} when numpy broadcasts an array that has the wrong shape.",
    "wrong-variable": _OTHER_QUANTITY,
    "wrong-variable-shape": _OTHER_QUANTITY,
    "wrong-constant": f"{_GET} with the number {{new}} {{place}}, where a quantity belongs.",
    "wrong-row": f"{_GET} with {{new}}, which is the wrong index or row.",
    "wrong-step": f"{_GET} with a value of another step.",
    "wrong-size": f"{_GET} with {{new}}, where another size belongs.",
    "other-side": f"{_GET} when a comparison picks the opposite entries.",
    "wrong-gradient": f"{_GET} with {{new}} {{place}}, where another gradient belongs.",
    "wrong-function-of": f"{_GET} when a function is applied to one quantity before it is used.",
    "exchanged": f"{_GET} when two quantities are exchanged: each stands where the other belongs.",
    "wrong-result": "Your numbers are exactly {new}: that is not the gradient asked for.",
    "one-step-for-all": f"{_GET} with the same part in every term of a sum, where each term has its own.",
    "shifted-and-cut": f"{_GET} with {{new}} in a sum, where other ones belong; one term is left out.",
    "skipped-activation": f"{_GET} with the input of a nonlinear function {{place}}.",
    "slope-argument": f"{_GET} with a derivative evaluated in the wrong place: at {{new}}.",
    "compared-gradient": f"{_GET} when the gradient itself decides where it passes.",
    "missing-term": "One term is missing.",
    "missing-case": f"{_GET} when one case of a condition is left out.",
    "missing-step": "One step of a sum is left out.",
    "missing-terms": "Only some of the terms are there; the others are missing.",
    "missing-entry": f"{_GET} when one entry of each row is left out.",
    "extra-term": f"{_GET} with {{new}} added.",
    "carry-added": f"{_GET} when what one step hands to the next piles up from step to step.",
    "repeated-term": "One term counts twice.",
    "extra-path": "Your numbers contain a path that this gradient does not have.",
    "extra-transpose": "Your numbers are the right ones plus their own transpose.",
    "missing-factor": "One factor is missing.",
    "missing-number": "One factor is missing: a number, not an array.",
    "missing-slope": "One of the functions on the way is not differentiated.",
    "missing-slope-factor": "A derivative is there only in part: one of its factors is missing.",
    "derivative-table": f"{_GET} with the Jacobian of {{where}} and nothing else.",
    "missing-matrix": "A matrix product is missing.",
    "used-as-it-is": "One gradient is used as it is, without the factors on its way.",
    "missing-normalisation": f"{_GET} with probabilities that do not add up to 1.",
    "extra-factor": f"{_GET} with an extra factor: {{new}}.",
    "extra-slope": "The derivative of {where} is multiplied in once too often.",
    "extra-slope-at": f"{_GET} with an extra factor: a derivative that does not belong there.",
    "extra-matrix": f"{_GET} with an extra product with {{new}}.",
    "other-slope": f"{_GET} with the derivative of {{new}}, which is another function.",
    "value-for-slope": f"{_GET} with the value of a function where its derivative belongs.",
    "undifferentiated": f"{_GET} with a part of the loss that is used as it is, and not differentiated.",
    "slope-square": f"{_GET} with the square of {{new}}, which is no derivative.",
    "slope-second": f"{_GET} with a second derivative.",
    "other-power": f"{_GET} when something is raised to another power.",
    "power-bracket": f"{_GET} when a power covers everything in a pair of parentheses.",
    "missing-power": f"{_GET} when a power is left out.",
    "slope-outside": f"{_GET} when a factor is multiplied in once, after a sum over the steps.",
    "slope-bracket": f"{_GET} when parentheses are lost in a derivative.",
    "slope-jacobian": f"{_GET} when each output of {{where}} depends on every input.",
    "skipped-jacobian": f"{_GET} when you stop at the output of {{where}}.",
    "jacobian-diagonal": f"{_GET} when each output of {{where}} depends on its own input only.",
    "jacobian-slope": f"{_GET} with the entry-by-entry derivative of {{where}} and nothing else.",
    "derivative-table-at": f"{_GET} with the Jacobian of {{where}}, taken at a gradient, and nothing else.",
    "extra-jacobian": "The derivative of {where} is multiplied in once too often.",
    "wrong-activation": f"{_GET} with {{new}} as the nonlinear function.",
    "wrong-loss": f"{_GET} if you start from {{new}}.",
    "target-only": f"{_GET} when all but one entry of each row is set to zero.",
    "inner-for-outer": f"{_GET} {_SUMS}",
    "inner-for-elementwise": f"{_GET} {_SUMS}",
    "elementwise-for-outer": f"{_GET} when two vectors are multiplied entry by entry.",
    "outer-for-elementwise": f"{_GET} with an outer product, which has an entry for each pair.",
    "sums-apart": f"{_GET} when factors are added up before they are multiplied.",
    "product-for-sum": f"{_GET} when the terms of a sum are multiplied.",
    "diagonal-only": f"{_GET} when only the diagonal of an array is used.",
    "first-entry": f"{_GET} with the first entry of an array in place of every entry.",
    "inverse-for-transpose": f"{_GET} with the inverse of {{where}}.",
    "divided": f"{_GET} when you divide by {{where}}.",
    "multiplied": f"{_GET} when you multiply by {{where}}.",
    "added": f"{_GET} when {{where}} is added.",
    "elementwise-for-matrix": f"{_GET} when a matrix is multiplied entry by entry.",
    "scale-number": "Your numbers are {new} times the right ones.",
    "scale-size": "Your numbers are the right ones divided by {new}.",
    "scale-steps": "Your numbers are the right ones up to a single factor that differs between sample points, such as a norm.",
    "sum-missing": f"{_GET} when the terms of a sum are not added up.",
    "sum-axis": f"{_GET} when a sum runs {{new}}.",
    "mean-for-sum": f"{_GET} with a mean over one axis.",
    "sum-for-mean": f"{_GET} with a sum where a mean belongs.",
    "sum-extra": "Your numbers are the right ones summed {new}.",
    "mean-extra": "Your numbers are the right ones averaged {new}.",
    "running-sum": "Your numbers are running sums of the right ones, taken {new}.",
    "sum-overwritten": f"{_GET} when repeated places are overwritten, so that only the last value stays.",
    "last-term": f"{_GET} when only one term of a sum is kept.",
    "mean-variable": f"{_GET} with the mean of an array in place of its entries.",
    "max-normalisation": f"{_GET} when an array is divided by its largest entry.",
    "constant": "Your numbers are {new}. A gradient has one value per entry, and changes with the sample point.",
    "whole-numbers": "Your array holds {new}: everything assigned to it loses its decimals.",
    "half-precision": "Your array is in half precision (float16), which keeps about three digits.",
    "rounded": "Your numbers are the right ones rounded to {new}.",
    "cut-off": "Your numbers are the right ones truncated to {new}.",
    "numerical-gradient": "Your numbers agree with the gradient to about {new}, as a numerical derivative does.",
    "sign-only": "Your numbers are only the signs of the right ones.",
    "sign-off-diagonal": "Some entries of a Jacobian have the opposite sign.",
    "one-sided": "Your numbers are the right ones where they are not {new}, and zero elsewhere.",
    "reordered": "Your numbers are right, but {new}.",
    "term-left-out": "The {new} term of a sum is left out.",
    "left-out": "Your numbers are right, but {new} is zero.",
    "filled-once": "Your numbers are right in {new}, but zero elsewhere.",
    "updated-parameter": "Your numbers are {where} after {new}, and not the gradient itself.",
    "weight-decay": "Your numbers are the right ones plus {new}, as weight decay adds.",
    "moving-average": "Your numbers are {new} the right ones.",
    "squared": "Your numbers are the squares of the right ones.",
    "function-of-result": "Your numbers are {new}.",
    "function-of-upstream": "Your numbers are {new}: a function of a gradient, which is no derivative.",
    "function-for-slope": "Your numbers are {where} times {new}, which is not the derivative that belongs there.",
    "wrong-axis": f"{_GET} with {{where}} {{new}}.",
    "examples-apart": f"{_GET} when two arrays are {{new}} over the examples before they are multiplied.",
    "first-terms": f"{_GET} with only the first {{new}} terms of a sum.",
    "running-average": f"{_GET} with a running average in place of a sum: early terms count less and less.",
    "offset": "Your numbers are the right ones plus a number that is the same in every entry.",
    "lost-parentheses": f"{_GET} when parentheses are lost in {{where}}.",
    "scale-known": "Your numbers are the right ones {new}.",
    "scaled-term": "One term has the wrong size: it is multiplied or divided by a number too many, or too few.",
    "weighted-terms": f"{_GET} when the terms of a sum are multiplied by {{new}}.",
    "clipped-values": "Your numbers are the right ones clipped to {new}.",
    "clipped-norm": "Your numbers are the right ones scaled down wherever their norm exceeds {new}.",
    "one-number": "Your numbers are {new}.",
    "max-for-sum": f"{_GET} with the {{new}} term of a sum instead of all of them.",
    "digits-inside": f"{_GET} when a value on the way is {{new}}.",
    "clipped-inside": f"{_GET} when a quantity is used {{new}}.",
    "significant": "Your numbers are the right ones rounded to {new}.",
    "random": "Your numbers change from call to call: two calls with the same s give different ones.",
    "sizes-only": "Your numbers are the same at all sample points of the same sizes: they depend on the shapes alone.",
    "kept-answer": "Your numbers are right at the first sample point of each size, and only repeated at the next one.",
}  # fmt: skip

# Where naming {new} would name something that the right formula has, too: it may be missing just as well.  Or where {where} is
# a formula.
_UNNAMED = {
    "divided": f"{_GET} when you divide by one of the factors.",
    "multiplied": f"{_GET} when you multiply by a denominator.",
    "added": f"{_GET} when one of the factors is added.",
    "extra-term": "One term counts too often, or not often enough; the rest is right.",
    "extra-factor": f"{_GET} with one factor too many, or too few.",
    "extra-matrix": f"{_GET} with one matrix product too many.",
    "slope-argument": f"{_GET} with a derivative evaluated in the wrong place.",
    "wrong-row": f"{_GET} with the wrong index or row.",
}

# In place of sentences that compare with the right numbers, when there is another mistake.
_AMONG_OTHERS = {
    "sign-result": "The sign is flipped throughout.",
    "transpose-result": "Rows and columns are swapped.",
    "operand-order": "Two factors are in the wrong order, which gives a {new}.",
    "shape-squeezed": "The result has lost (or gained) an axis of length 1.",
    "shape-reshaped": "The entries are in the wrong shape.",
    "shape-scattered": "The entries fill one row of a larger array, and its other rows are zero.",
    "row-alone": "Only a single row of the array is there.",
    "shape-repeated": "The entries are repeated: numpy has broadcast a row.",
    "repeated-rows": "Everything is there {new}, one after the other.",
    "extra-term": "One term counts too often, or not often enough.",
    "extra-transpose": "The transpose is added.",
    "scale-number": "Everything is multiplied by {new}.",
    "scale-size": "Everything is divided by {new}.",
    "scale-steps": "Everything is multiplied by a factor that changes from sample point to sample point.",
    "sum-extra": "Everything is summed {new}.",
    "mean-extra": "Everything is averaged {new}.",
    "running-sum": "Running sums are taken {new}.",
    "whole-numbers": "Your array holds {new}, which cuts off decimals.",
    "rounded": "Everything is rounded to {new}.",
    "cut-off": "Everything is truncated to {new}.",
    "offset": "The same number is added to every entry.",
    "reordered": "Everything is {new}.",
    "weight-decay": "{new} is added, as weight decay does.",
    "scale-known": "Everything is {new}.",
}
_PROPAGATED = (
    ("the right ones plus their own transpose", "what follows from your own {own}, plus its transpose"),
    ("the right ones", "what follows from your own {own}"),
    ("Your numbers are right", "Your numbers follow from your own {own}"),
    ("Your numbers have the right size but", "Your numbers are what follows from your own {own}, with"),
    ("agree with the gradient", "agree with what follows from your own {own}"),
)
_FACTORS = ("wrong-variable", "wrong-variable-shape", "wrong-gradient")
SOMEWHERE, EVERYWHERE = "in one place", "in every term"


def worded(explanation: Explanation, formula: Node | None, used: Set[str]) -> Explanation:
    """The explanation with a student's sentence for each mistake, and its place in the formula.

    Args:
        formula: the right one, None where it is unknown.
        used: the quantities in it, and in what it builds on.
    """
    mistakes = explanation.diagnosis.mistakes
    each = [student_sentences(hypothesis, formula, used) for hypothesis in explanation.hypotheses]
    if len(each) == 1 and len(each[0]) == len(mistakes):
        texts = each[0]
    else:  # one statement for all that a hypothesis consists of
        together: dict[str, str] = {}
        for hypothesis, sentences in zip(explanation.hypotheses, each, strict=True):
            together.setdefault("; ".join(m.statement for m in hypothesis.mistakes()), " ".join(sentences))
        texts = list(together.values()) if len(together) == len(mistakes) else [""] * len(mistakes)
    told = [msgspec.structs.replace(m, student=text) for m, text in zip(mistakes, texts, strict=True)]
    first = explanation.hypotheses[0].edits[0] if explanation.hypotheses else None
    turned = bool(explanation.hypotheses) and _is_turned(explanation.hypotheses[0])
    place = place_in(formula, first.old, turned=turned) if formula is not None and first is not None else ""
    return replace(explanation, diagnosis=msgspec.structs.replace(explanation.diagnosis, mistakes=told), place=place)


def student_sentences(hypothesis: Hypothesis, formula: Node | None, used: Set[str] = frozenset()) -> list[str]:
    """One for each edit of a hypothesis, in their order."""
    several, turned = len(hypothesis.edits) > 1, _is_turned(hypothesis)
    return [_sentence(edit, formula, used, hypothesis.own, several=several, turned=turned) for edit in hypothesis.edits]


def _is_turned(hypothesis: Hypothesis) -> bool:
    """Whether the result is transposed as a whole, besides other mistakes."""
    return any(edit.operator in ("transpose-result", "operand-order") for edit in hypothesis.edits)


def _sentence(edit: Edit, formula: Node | None, used: Set[str], own: str, *, several: bool, turned: bool) -> str:
    if edit.student:
        return edit.student
    template = SENTENCES[edit.operator]
    if edit.inside:
        among_others = _AMONG_OTHERS[edit.operator]
        template = f"{_GET} {inside(edit.inside, f'{among_others[0].lower()}{among_others[1:]}')}"
    elif several and edit.operator in _AMONG_OTHERS:
        template = _AMONG_OTHERS[edit.operator]
    elif edit.operator in _UNNAMED and not _may_be_named(edit, formula is not None, used):
        template = _UNNAMED[edit.operator]
    place = place_in(formula, edit.old, turned=turned) if formula is not None else ""
    if edit.terms:
        place = EVERYWHERE
    if not place:
        template = template.replace(" {place}, where", " where")
    text = template.format(new=_new(edit, formula, place), where=edit.where, place=place or SOMEWHERE)
    if edit.terms and EVERYWHERE not in text:
        text += " This is so in every term of the sum."
    for right, follows in _PROPAGATED if own else ():
        text = text.replace(right, follows.format(own=own))
    if edit.within:
        text += f" This is in how you compute {edit.within}: compare yours with the given {edit.within}."
    return text


def _new(edit: Edit, formula: Node | None, place: str) -> str:
    """What stands there in the student's product, transposed as it is there, and not as it replaces the right quantity."""
    new = edit.new.strip(" ,")
    turned = place.startswith("as the") and formula is not None and stands_transposed(formula, edit.old)
    return transposed(new) if turned and edit.operator in _FACTORS else new


def as_one_of_several(operator: str, hint: str) -> str:
    """A hint without the claim that the numbers are right, where there is another mistake."""
    claim, among_others = SENTENCES.get(operator, ""), _AMONG_OTHERS.get(operator, "")
    return f"{among_others}{hint.removeprefix(claim)}" if among_others and hint.startswith(claim) else hint


def _may_be_named(edit: Edit, known: bool, used: Set[str]) -> bool:
    if edit.new:
        return known and not used & set(re.findall(r"[A-Za-z_]\w*", edit.new))
    return re.fullmatch(r"\w+(/\w+)?'?", edit.where) is not None
