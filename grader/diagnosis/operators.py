"""The registry of what can go wrong: every operator's kind, cost and sentence for instructors.

In a sentence `{new}` is what the numbers show, `{old}` the single quantity, factor or operation that belongs there.  Students
read those of `students` instead.
"""

import re
from dataclasses import dataclass

from grader.diagnosis.hypothesis import WHAT_YOU_GET, Edit


@dataclass(frozen=True)
class Operator:
    """One way to go wrong.

    Attributes:
        slug: its name, the key of its hints.
        kind: kind of mistake, as in the JSON contract.
        cost: prior: 1 is common, 2 is seen, 3 is rare.
        sentence: `edit` puts "your numbers are what you get" before it, unless it is whole and begins with "your".
    """

    slug: str
    kind: str
    cost: float
    sentence: str

    def edit(self, where: str, *, new: str = "", old: str = "", extra: float = 0.0) -> Edit:
        sentence = self.sentence.format(new=new, old=old or where, where=where)
        if re.fullmatch(r"[\w/]+(, [\w/]+)+", old or where):
            sentence = sentence.replace(" belongs", " belong")
        if not sentence.startswith(("your numbers", "your array")):
            sentence = f"{WHAT_YOU_GET}{sentence}"
        also = _WITH_OTHER_MISTAKES.get(self.slug, "").format(new=new, where=where)
        return Edit(self.slug, self.kind, where, sentence, self.cost + extra, also=also, new=new, old=old or where)


# In place of sentences that compare the numbers with the right ones, when there is another mistake.
_WITH_OTHER_MISTAKES = {
    "sign-result": "the sign is flipped throughout",
    "transpose-result": "rows and columns are swapped",
    "operand-order": "the product with {where} is in the wrong order, which gives a {new}",
    "shape-squeezed": "the result has lost (or gained) an axis of length 1",
    "shape-reshaped": "the entries are in the wrong shape",
    "shape-scattered": "the entries fill one row of an array like {where}, and its other rows are zero",
    "row-alone": "only the row of {where} is there",
    "shape-repeated": "the entries are repeated: numpy has broadcast {new}",
    "repeated-rows": "everything is there {new}, one after the other",
    "extra-transpose": "the transpose is added",
    "scale-number": "everything is multiplied by {new}",
    "scale-size": "everything is divided by {new}",
    "scale-steps": "everything is multiplied by a factor that changes from sample point to sample point",
    "sum-extra": "everything is summed {new}",
    "mean-extra": "everything is averaged {new}",
    "running-sum": "running sums are taken {new}",
    "whole-numbers": "the array holds {new}, which cuts off decimals",
    "rounded": "everything is rounded to {new}",
    "cut-off": "everything is truncated to {new}",
    "reordered": "everything is {new}",
    "offset": "the same number is added to every entry",
    "weight-decay": "{new} is added, as weight decay does",
    "scale-known": "everything is {new}",
}

# By kind of mistake: slug, cost, sentence.
_BY_KIND: dict[str, tuple[tuple[str, float, str], ...]] = {
    "sign": (
        ("sign-result", 1.0, "your numbers have the right size but the opposite sign throughout"),
        ("sign-term", 1.2, "when {new} enters with the opposite sign"),
        ("sign-argument", 1.7, "when the argument of {where} has the opposite sign"),
        ("sign-absolute", 2.0, "when the signs in {where} are dropped (absolute values)"),
        ("sign-jacobian", 1.8, "when the products in the Jacobian of {where} are added instead of subtracted"),
        ("sign-only", 1.3, "your numbers are only the signs of the right ones"),
        ("sign-off-diagonal", 1.4, "with the wrong sign off the diagonal of the Jacobian of {where}"),
        ("one-sided", 2.0, "your numbers are the right ones where they are not {new}, and zero elsewhere"),
    ),
    "transpose": (
        ("transpose-result", 1.3, "your numbers are right, but rows and columns are swapped"),
        ("transpose-factor", 1.4, "with {where} the wrong way around: a transpose is missing, or should not be there"),
        ("transpose-reshape", 1.8, "when {where} is reshaped instead of transposed"),
        ("reshape-order", 1.6, "when {where} is put into its shape column by column, not row by row"),
        ("flipped", 1.6, "when {where} is taken in the opposite order"),
        ("transpose-pairing", 2.0, "when {where} is applied along the rows instead of the columns"),
        ("reordered", 1.3, "your numbers are right, but {new}"),
    ),
    "operand-order": (
        (
            "operand-order",
            1.2,
            "your numbers are right but form a {new}: the product with {where} is in the wrong order",
        ),
        (
            "step-order",
            1.6,
            "when {where} are taken forward in time: what a step hands back has to come from the later one",
        ),
        ("operand-order-steps", 2.0, "when {where} is multiplied in after the matrix instead of before"),
        ("operand-order-early", 1.9, "when {where} is multiplied in before the matrix instead of after"),
        ("operand-order-side", 1.9, "when {where} is multiplied into the other factor of the matrix product"),
    ),
    "shape": (
        ("shape-squeezed", 0.6, "your numbers are right, but the result has lost (or gained) an axis of length 1"),
        ("shape-reshaped", 1.5, "your numbers are right, but in the wrong shape"),
        ("shape-cut", 1.0, "your numbers are right, but entries at the ends are missing{new}"),
        (
            "shape-scattered",
            1.3,
            "your numbers are right, but fill one row of an array like {where}; its other rows are zero",
        ),
        (
            "row-alone",
            1.0,
            "your numbers are right, but only the row of {where}: the other rows, all zeros, are missing",
        ),
        ("shape-repeated", 1.6, "your numbers are right, but repeated: numpy has broadcast {new}"),
        ("repeated-rows", 0.9, "your numbers are right, but there {new}, one after the other"),
        ("shape-broadcast", 1.7, "when numpy broadcasts {new}, which has the wrong shape"),
    ),
    "wrong-variable": (
        ("wrong-variable", 1.5, "with {new} where {old} belongs"),
        ("wrong-variable-shape", 1.5, "with {new} where {old} belongs"),
        ("wrong-constant", 1.6, "with the number {new} where {old} belongs"),
        ("wrong-row", 1.5, "with {new} where {old} belongs"),
        ("wrong-gradient", 1.6, "with {new} where {old} belongs"),
        ("wrong-function-of", 1.9, "with {new} where {old} belongs"),
        ("exchanged", 1.6, "with {where} exchanged: each stands where the other belongs"),
        ("wrong-result", 2.2, "your numbers are exactly {new}: that is not the gradient asked for"),
        ("one-step-for-all", 1.45, "with {new} in every term, where each has its own ({where})"),
        ("shifted-and-cut", 1.7, "with {new} where {old} belong, and without the term that is left over"),
        ("skipped-activation", 1.6, "with the input of {where} where its output {old} belongs"),
        ("compared-gradient", 1.5, "when the gradient itself decides where it passes, and not {where}"),
        ("slope-argument", 1.4, "with the derivative of {where} evaluated at {new}"),
    ),
    "missing-term": (
        ("missing-term", 1.1, "without {where}"),
        ("missing-terms", 1.45, "without {where}"),
        ("missing-entry", 1.9, "when the target's entry is left out"),
        ("term-left-out", 1.2, "without the {new} term of the sum with {where}"),
        ("left-out", 1.2, "your numbers are right, but {new} is zero"),
        ("filled-once", 1.2, "your numbers are right in {new}, but zero elsewhere"),
    ),
    "extra-term": (
        ("extra-term", 2.2, "with {new} added"),
        ("carry-added", 1.5, "when {where} is added to what was handed back before, instead of replacing it"),
        ("repeated-term", 1.9, "when {where} is added or subtracted twice"),
        ("extra-path", 2.4, "with {new} added, a path that this gradient does not have"),
        ("extra-transpose", 2.3, "your numbers are the gradient plus its own transpose"),
        ("updated-parameter", 1.2, "your numbers are {where} after {new}: return the gradient itself"),
        ("offset", 1.7, "your numbers are the right ones plus a number that is the same in every entry"),
        ("weight-decay", 1.8, "your numbers are the right ones plus {new}, as weight decay adds"),
        ("moving-average", 1.9, "your numbers are {new} the right ones"),
    ),
    "missing-factor": (
        ("missing-factor", 1.2, "when the factor {where} is left out"),
        ("missing-slope", 1.0, "when the derivative of {where} is left out"),
        ("missing-slope-factor", 1.1, "when one of the factors of the derivative of {where} is left out"),
        ("derivative-table", 1.5, "with the Jacobian of {where} alone, not multiplied by {new}"),
        ("missing-matrix", 1.3, "when the product with {where} is left out"),
        ("used-as-it-is", 1.6, "when {new} is used as it is, without {where}"),
        ("missing-normalisation", 1.5, "when {where} is not normalized"),
    ),
    "extra-factor": (
        ("extra-factor", 2.0, "with an extra factor: {new}"),
        ("extra-slope", 1.5, "when the derivative of {where} is multiplied in once too often"),
        ("extra-slope-at", 1.5, "with an extra factor {new}, a derivative that does not belong there"),
        ("extra-matrix", 2.0, "with an extra product with {new}"),
        ("target-only", 1.6, "when only the target's entry is kept, and all others are set to zero"),
        ("squared", 1.2, "your numbers are the squares of the right ones"),
    ),
    "wrong-derivative": (
        ("other-slope", 1.4, "with the derivative of {new} where that of {old} belongs"),
        ("value-for-slope", 1.4, "with {where} itself instead of its derivative"),
        ("undifferentiated", 1.3, "with {where} as it is, instead of its derivative"),
        ("slope-square", 1.4, "with the square of {new} instead of the derivative of {where}"),
        ("slope-second", 1.9, "with the second derivative of {where} instead of the first"),
        ("power-bracket", 1.3, "when everything in the parentheses is raised to the power, not just {old}"),
        ("missing-power", 1.6, "when {where} is not raised to its power"),
        ("other-power", 1.7, "when {where} is raised to the power {new} instead of {old}"),
        (
            "slope-outside",
            1.6,
            "when the factor {where} is multiplied in once, after the sum, with its value at the {new} step",
        ),
        ("slope-bracket", 1.7, "when parentheses are lost in the derivative of {where}"),
        ("slope-jacobian", 2.0, "when {where} is differentiated as if each output depended on every input"),
        ("skipped-jacobian", 1.3, "when you stop at the output of {where}: its derivative is left out"),
        ("jacobian-diagonal", 1.5, "when {where} is differentiated as if each output depended on its own input only"),
        ("jacobian-slope", 1.6, "with the entry-by-entry derivative of {where} and nothing else"),
        ("derivative-table-at", 1.9, "with the Jacobian of {where} at {new}, not multiplied by {new}"),
        ("extra-jacobian", 1.6, "when the derivative of {where} is multiplied in once too often"),
        ("wrong-activation", 1.8, "with {new} where {old} belongs"),
        ("wrong-loss", 2.0, "with {new} instead of the derivative of the loss"),
        ("function-of-result", 1.4, "your numbers are {new}"),
        (
            "function-of-upstream",
            1.7,
            "your numbers are {new}: a function of the gradient {where}, not {where} times a derivative",
        ),
        (
            "function-for-slope",
            1.85,
            "your numbers are {where} times {new}, which is not the derivative that belongs there",
        ),
    ),
    "wrong-operator": (
        ("inner-for-outer", 1.6, "with an inner product instead of an outer product ({where})"),
        ("elementwise-for-outer", 1.6, "with an elementwise product instead of an outer product ({where})"),
        ("outer-for-elementwise", 1.5, "with an outer product instead of an elementwise product ({where})"),
        ("inner-for-elementwise", 1.6, "with an inner product instead of an elementwise product ({where})"),
        ("diagonal-only", 1.9, "with only the diagonal of {where}"),
        ("first-entry", 2.1, "with the first entry of {where} in place of every entry"),
        ("inverse-for-transpose", 1.7, "with the inverse of {where} instead of its transpose"),
        ("sums-apart", 1.3, "when {where} are added up, and their sum is multiplied by that of the other factors"),
        ("product-for-sum", 1.8, "when {where} are multiplied instead of added"),
        ("divided", 1.7, "with a division by {where} instead of a multiplication"),
        ("multiplied", 1.7, "with a multiplication by {where} instead of a division"),
        ("added", 1.8, "with {where} added instead of multiplied in"),
        ("elementwise-for-matrix", 1.9, "with an elementwise product instead of a matrix product with {where}"),
        ("lost-parentheses", 1.2, "when the parentheses around the denominator of {where} are lost"),
    ),
    "scale": (
        ("scale-number", 1.3, "your numbers are {new} times the right ones"),
        ("scale-size", 1.3, "your numbers are the right ones divided by {new}"),
        (
            "scale-steps",
            1.8,
            "your numbers are the right ones up to a single factor that differs between sample points, such as a norm",
        ),
        ("scaled-term", 1.5, "with {new} where {old} belongs"),
        ("weighted-terms", 1.9, "when {where} are multiplied by {new} before they are added"),
        ("scale-known", 1.75, "your numbers are the right ones {new}"),
        ("clipped-values", 1.2, "your numbers are the right ones clipped to {new}"),
        ("clipped-norm", 1.2, "your numbers are the right ones scaled down wherever their norm exceeds {new}"),
    ),
    "reduction": (
        ("sum-missing", 1.4, "with the terms of a sum before they are added up ({where})"),
        ("wrong-axis", 1.0, "with {where} {new}"),
        ("examples-apart", 1.5, "when {where} are {new} over the examples before they are multiplied, not after"),
        ("first-terms", 1.4, "with the first {new} terms of the sum with {where} only"),
        (
            "running-average",
            1.6,
            "with a running average in place of the sum with {where}: early terms count less and less",
        ),
        ("sum-axis", 1.5, "when a sum runs {new} ({where})"),
        ("mean-for-sum", 1.35, "with a mean instead of a sum ({where})"),
        ("sum-for-mean", 1.2, "with a sum instead of a mean ({where})"),
        ("sum-extra", 1.5, "your numbers are the right ones summed {new}"),
        ("mean-extra", 1.6, "your numbers are the right ones averaged {new}"),
        ("running-sum", 1.9, "your numbers are running sums of the right ones, taken {new}"),
        (
            "sum-overwritten",
            1.5,
            "when {where} are overwritten instead of added up: a repeated place keeps its last value",
        ),
        ("last-term", 1.9, "when only one term of {where} is kept"),
        ("mean-variable", 1.9, "with the mean of {where} in place of its entries"),
        ("max-normalisation", 1.9, "when {where} is divided by its largest entry instead of the sum"),
        ("one-number", 2.0, "your numbers are {new}"),
        ("max-for-sum", 1.5, "with the {new} term instead of the sum over all of them ({where})"),
    ),
    "constant": (
        ("random", 1.0, "your numbers change from call to call: two calls with the same s give different ones"),
        (
            "constant",
            1.0,
            "your numbers are {new}: a gradient has one value per entry, and changes with the sample point",
        ),
        (
            "sizes-only",
            1.0,
            "your numbers are the same at all sample points of the same sizes: they depend on the shapes alone",
        ),
        (
            "kept-answer",
            1.0,
            "your numbers are right at the first sample point of each size, and only repeated at the next one",
        ),
    ),
    "numerical-gradient": (
        ("whole-numbers", 1.0, "your array holds {new}: everything assigned to it loses its decimals"),
        ("half-precision", 1.0, "your array is in half precision (float16), which keeps about three digits"),
        ("rounded", 1.0, "your numbers are the right ones rounded to {new}"),
        ("cut-off", 1.6, "your numbers are the right ones truncated to {new}"),
        (
            "numerical-gradient",
            1.0,
            "your numbers agree with the gradient to about {new}, as a numerical derivative does",
        ),
        ("digits-inside", 1.2, "when {where} is {new} on the way"),
        ("clipped-inside", 1.2, "when {where} is used {new}"),
        ("significant", 1.1, "your numbers are the right ones rounded to {new}"),
    ),
}

OPERATORS = {
    slug: Operator(slug, kind, cost, sentence) for kind, entries in _BY_KIND.items() for slug, cost, sentence in entries
}
