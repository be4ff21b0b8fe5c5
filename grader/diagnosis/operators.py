"""The registry of what can go wrong: every operator's kind, cost and sentence.  The only place where they are named.

`{new}` is what the student's numbers show, `{old}` the single quantity, factor or operation that belongs there.  A sentence says
what the numbers are, never "you wrote", and names no formula of a right gradient.
"""

from dataclasses import dataclass

from grader.diagnosis.hypothesis import GIVEN_BY, Edit


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
        if not sentence.startswith(("your numbers", "your array")):
            sentence = f"{GIVEN_BY}{sentence}"
        also = _BESIDE_OTHERS.get(self.slug, "").format(new=new, where=where)
        return Edit(self.slug, self.kind, where, sentence, self.cost + extra, also=also)


# In place of sentences that measure the numbers by the right ones, where there is another mistake.
_BESIDE_OTHERS = {
    "sign-result": "the sign is flipped throughout",
    "transpose-result": "rows and columns are swapped",
    "operand-order": "the product with {where} is in the other order, which gives a column",
    "shape-squeezed": "an axis of length 1 is lost or gained",
    "shape-reshaped": "the entries are arranged in another shape",
    "shape-scattered": "the entries stand in one row of an array of the shape of {where}, and the other rows are zero",
    "shape-repeated": "the entries are repeated: numpy stretched {new}",
    "extra-transpose": "the transpose is added",
    "target-only": "all entries but those of the target are zero",
    "scale-number": "everything is multiplied by {new}",
    "scale-size": "everything is divided by {new}",
    "scale-steps": "everything is multiplied by a factor that differs between sample points",
    "sum-extra": "sums are taken {new}",
    "mean-extra": "means are taken {new}",
    "running-sum": "running sums are taken {new}",
    "whole-numbers": "the array holds {new}, which cuts off decimals",
    "rounded": "everything is rounded to {new}",
    "cut-off": "the decimals are cut off",
}

_ALL = (
    # sign
    Operator("sign-result", "sign", 1.0, "your numbers have the right size and the opposite sign throughout"),
    Operator("sign-term", "sign", 1.2, "when {new} enters with the opposite sign"),
    Operator("sign-argument", "sign", 1.7, "when the argument of {where} has the opposite sign"),
    Operator("sign-absolute", "sign", 2.0, "when the signs in {where} are dropped (absolute values)"),
    Operator("sign-jacobian", "sign", 1.8, "when the products in the Jacobian of {where} are added"),
    # orientation
    Operator("transpose-result", "transpose", 1.3, "your numbers are right, with rows and columns exchanged"),
    Operator("transpose-factor", "transpose", 1.4, "when {where} is taken the other way round (transposed)"),
    Operator("transpose-reshape", "transpose", 1.8, "when {where} is reshaped where it should be transposed"),
    Operator(
        "transpose-pairing", "transpose", 2.0, "when {where} runs over the rows where it should run over the columns"
    ),
    Operator(
        "operand-order",
        "operand-order",
        1.2,
        "your numbers are right, but stand in a column: the product with {where} is taken the other way round",
    ),
    Operator(
        "operand-order-steps", "operand-order", 2.0, "when {where} is multiplied in after the matrix instead of before"
    ),
    # shape
    Operator("shape-squeezed", "shape", 0.6, "your numbers are right, but an axis of length 1 is lost or gained"),
    Operator("shape-reshaped", "shape", 1.5, "your numbers are right, but arranged in another shape"),
    Operator(
        "shape-scattered",
        "shape",
        1.3,
        "your numbers are right in one row of an array of the shape of {where}; the other rows are zero",
    ),
    Operator("shape-repeated", "shape", 1.6, "your numbers are right, but repeated: numpy stretched {new}"),
    Operator(
        "shape-broadcast",
        "shape",
        1.7,
        "your numbers are what numpy makes of a row and a column: every entry of one with every entry of the other ({new})",
    ),
    # variables
    Operator("wrong-variable", "wrong-variable", 1.5, "with {new} where {old} belongs"),
    Operator("wrong-variable-shape", "wrong-variable", 1.5, "with {new} where {old} belongs"),
    Operator("wrong-constant", "wrong-variable", 1.6, "with the number {new} where {old} belongs"),
    Operator("wrong-row", "wrong-variable", 1.5, "with {new} where {old} belongs"),
    Operator("wrong-gradient", "wrong-variable", 1.6, "with {new} where {old} belongs"),
    Operator("wrong-function-of", "wrong-variable", 1.9, "with {new} where {old} belongs"),
    Operator(
        "wrong-result", "wrong-variable", 2.2, "your numbers are exactly {new}: that is not the gradient asked for"
    ),
    Operator("skipped-activation", "wrong-variable", 1.6, "with the argument of {where} where {old} belongs"),
    Operator("slope-argument", "wrong-variable", 1.4, "when the derivative of {where} is taken at {new}"),
    # terms
    Operator("missing-term", "missing-term", 1.1, "without {where}"),
    Operator("missing-entry", "missing-term", 1.9, "when the entry of the target is left out"),
    Operator("extra-term", "extra-term", 2.2, "with {new} added"),
    Operator("extra-path", "extra-term", 2.4, "with {new} added: a path that this gradient does not have"),
    Operator("extra-transpose", "extra-term", 2.3, "your numbers are the gradient plus its own transpose"),
    # factors
    Operator("missing-factor", "missing-factor", 1.2, "when the factor {where} is left out"),
    Operator("missing-slope", "missing-factor", 1.0, "when the derivative of {where} is left out"),
    Operator(
        "missing-slope-factor",
        "missing-factor",
        1.1,
        "when one of the factors of the derivative of {where} is left out",
    ),
    Operator(
        "derivative-table",
        "missing-factor",
        1.5,
        "your numbers are the table of derivatives of {where}, every output by every input, not multiplied by {new}",
    ),
    Operator("missing-matrix", "missing-factor", 1.3, "when the product with {where} is left out"),
    Operator("missing-normalisation", "missing-factor", 1.5, "when {where} is not normalised"),
    Operator("extra-factor", "extra-factor", 2.0, "with {new} multiplied in"),
    Operator("extra-slope", "extra-factor", 1.5, "when the derivative of {where} is multiplied in once more"),
    Operator(
        "extra-slope-at", "extra-factor", 1.5, "with {new} multiplied in: a derivative that does not belong there"
    ),
    Operator("extra-matrix", "extra-factor", 2.0, "when {new} is multiplied in as well"),
    Operator("extra-function", "extra-factor", 2.0, "when {new} stands where {old} belongs"),
    # derivatives
    Operator("other-slope", "wrong-derivative", 1.4, "with the derivative of {new} where that of {old} belongs"),
    Operator("slope-square", "wrong-derivative", 1.4, "with the square of {new} in place of the derivative of {where}"),
    Operator("slope-second", "wrong-derivative", 1.9, "with the second derivative of {where}"),
    Operator(
        "power-bracket", "wrong-derivative", 1.3, "when the whole bracket is raised to a power and not {old} alone"
    ),
    Operator("missing-power", "wrong-derivative", 1.9, "when {where} is not raised to its power"),
    Operator("slope-bracket", "wrong-derivative", 1.7, "when a bracket is lost in the derivative of {where}"),
    Operator(
        "slope-jacobian",
        "wrong-derivative",
        2.0,
        "when {where} is differentiated as if its entries depended on one another",
    ),
    Operator(
        "skipped-jacobian",
        "wrong-derivative",
        1.3,
        "your numbers stop at the output of {where}: its derivative is left out",
    ),
    Operator(
        "jacobian-diagonal",
        "wrong-derivative",
        1.5,
        "when {where} is differentiated entry by entry, as if its entries did not depend on one another",
    ),
    Operator(
        "jacobian-slope", "wrong-derivative", 1.6, "your numbers are the entry-by-entry derivative of {where} alone"
    ),
    Operator(
        "derivative-table-at",
        "wrong-derivative",
        1.9,
        "your numbers are the table of derivatives of {where} at {new}, not multiplied by it",
    ),
    Operator("extra-jacobian", "wrong-derivative", 1.6, "when the derivative of {where} is multiplied in once more"),
    Operator("wrong-activation", "wrong-derivative", 1.8, "with {new} where {old} belongs"),
    Operator("wrong-loss", "wrong-derivative", 2.0, "from {new} where the derivative of the loss belongs"),
    Operator(
        "target-only",
        "wrong-derivative",
        1.6,
        "your numbers are right in the entries of the target and zero in all others",
    ),
    # operators
    Operator(
        "inner-for-outer", "wrong-operator", 1.6, "with the inner product where all pairs are to be formed ({where})"
    ),
    Operator(
        "elementwise-for-outer",
        "wrong-operator",
        1.6,
        "with the product entry by entry where all pairs are to be formed ({where})",
    ),
    Operator(
        "outer-for-elementwise",
        "wrong-operator",
        1.5,
        "with all pairs where the product is to be taken entry by entry ({where})",
    ),
    Operator(
        "inner-for-elementwise",
        "wrong-operator",
        1.6,
        "with a sum over the products where the entries are to be kept apart ({where})",
    ),
    Operator("diagonal-only", "wrong-operator", 1.9, "with the diagonal of {where} alone"),
    Operator("first-entry", "wrong-operator", 2.1, "with the first entry of {where} for all of it"),
    Operator(
        "inverse-for-transpose", "wrong-operator", 1.7, "with the inverse of {where} where it should be transposed"
    ),
    Operator("divided", "wrong-operator", 1.7, "when {where} divides where it should multiply"),
    Operator("added", "wrong-operator", 1.8, "when {where} is added where it should multiply"),
    Operator(
        "elementwise-for-matrix",
        "wrong-operator",
        1.9,
        "with products entry by entry where a matrix product with {where} belongs",
    ),
    # numbers
    Operator("scale-number", "scale", 1.3, "your numbers are {new} times the right ones"),
    Operator("scale-size", "scale", 1.3, "your numbers are the right ones divided by {new}"),
    Operator(
        "scale-steps", "scale", 1.8, "your numbers are the right ones times a factor that differs from step to step"
    ),
    # reductions
    Operator("sum-missing", "reduction", 1.4, "your numbers are the terms before they are summed ({where})"),
    Operator("sum-axis", "reduction", 1.5, "your numbers are sums along the other axis ({where})"),
    Operator("mean-for-sum", "reduction", 1.2, "with a mean where a sum belongs ({where})"),
    Operator("sum-extra", "reduction", 1.5, "your numbers are sums {new} of the right ones"),
    Operator("mean-extra", "reduction", 1.6, "your numbers are means {new} of the right ones"),
    Operator("running-sum", "reduction", 1.9, "your numbers are running sums {new} of the right ones"),
    Operator("last-term", "reduction", 1.9, "when the sum with {where} keeps one term only"),
    Operator("mean-variable", "reduction", 1.9, "with the mean of {where} in place of its entries"),
    Operator("max-normalisation", "reduction", 1.9, "when {where} is divided by its largest entry instead of the sum"),
    # not from a formula
    Operator("constant", "constant", 1.0, "your numbers do not depend on the step as a gradient does: they are {new}"),
    Operator(
        "whole-numbers",
        "numerical-gradient",
        1.0,
        "your array holds {new}: everything assigned to it loses its decimals",
    ),
    Operator(
        "half-precision",
        "numerical-gradient",
        1.0,
        "your array is in half precision (float16), which keeps about three digits",
    ),
    Operator("rounded", "numerical-gradient", 1.0, "your numbers are the right ones rounded to {new}"),
    Operator("cut-off", "numerical-gradient", 1.6, "your numbers are the right ones with the decimals cut off"),
    Operator(
        "numerical-gradient",
        "numerical-gradient",
        1.0,
        "your numbers agree with the gradient to about {new} digits, as a numerical derivative does; the formula is asked for",
    ),
    Operator(
        "numerical-part",
        "numerical-gradient",
        1.3,
        "your numbers agree with the gradient to about {new} digits: a part of it looks like a numerical derivative",
    ),
    Operator(
        "small-number",
        "numerical-gradient",
        1.3,
        "your numbers agree with the gradient to about {new} digits, as with a small number added to a denominator",
    ),
)

OPERATORS = {operator.slug: operator for operator in _ALL}
