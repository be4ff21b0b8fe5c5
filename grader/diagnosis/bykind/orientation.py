"""Signs, transposes, orders and shapes that are wrong."""

from grader.diagnosis.bykind import ByKind

ENTRIES: ByKind = {
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
}
