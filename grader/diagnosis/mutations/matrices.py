"""What goes wrong at a matrix product and at the result as a whole."""

from collections.abc import Iterator
from itertools import product

from grader.diagnosis.formulas.expression import (
    Node,
    add,
    gradient_text,
    leaves,
    mul,
    number,
    one_minus,
    q,
    replaced,
    text,
    transposed,
)
from grader.diagnosis.formulas.forms import derivative_forms
from grader.diagnosis.formulas.world import World
from grader.diagnosis.mutations.arrays import WRONG_AXIS, short
from grader.diagnosis.mutations.leaves import Mutant, wrong
from grader.diagnosis.mutations.products import extra_application, factor_text


def matrix_product_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("mm", a, b): a row times a matrix, or all pairs of two rows."""
    a, b = node[1], node[2]
    for matrix, other, swapped in ((b, a, False), (a, b, True)):
        base = matrix[1] if matrix[0] == "T" else matrix
        if base[0] == "q" and base[1] in world.matrices:
            yield from _row_by_matrix(other, matrix, base, swapped=swapped)
        elif base[0] == "fn" or base[0] == "np":
            yield from _turned_factor(other, matrix, base, swapped=swapped)
    if a[0] == "T":
        yield from _outer(a[1], b, world)
    if b[0] == "jacobian" or (b[0] == "add" and b[1][0] == "spread"):
        yield from _jacobian(a, b, world)
    for upstream, other, left in ((a, b, True), (b, a, False)):
        local = world.local.get(upstream[1]) if upstream[0] == "g" else None
        if local is not None and local[0] == "mul":
            yield from _late_factor(other, local, world, left=left)


def _turned_factor(other: Node, factor: Node, base: Node, *, swapped: bool) -> Iterator[Mutant]:
    """A factor that is no quantity, the wrong way around or left out."""
    turned = transposed(factor)
    yield wrong(("mm", turned, other) if swapped else ("mm", other, turned), "transpose-factor", short(base))
    yield wrong(other, "missing-matrix", short(base))


def _row_by_matrix(row: Node, matrix: Node, base: Node, *, swapped: bool) -> Iterator[Mutant]:
    shown = text(base)

    def multiplied(middle: Node) -> Node:
        return ("mm", middle, row) if swapped else ("mm", row, middle)

    yield wrong(multiplied(transposed(matrix)), "transpose-factor", shown)
    yield wrong(multiplied(("reshaped", base)), "transpose-reshape", shown)
    yield wrong(multiplied(("inverse", base)), "inverse-for-transpose", shown)
    yield wrong(multiplied(("T", ("inverse", base))), "inverse-for-transpose", shown, extra=0.4)
    yield wrong(multiplied(transposed(("pow", base, 2))), "extra-factor", shown, new=shown)
    yield wrong(row, "missing-matrix", shown)
    alone = ("ones", row)
    yield wrong(("mm", matrix, alone) if swapped else ("mm", alone, matrix), "missing-factor", short(row), extra=0.2)
    if row[0] == "mul" and not swapped:
        yield from _around_the_matrix(row, matrix, shown)
    yield wrong(mul(row, ("diagonal", base)), "diagonal-only", shown)
    every = mul(base, row)
    yield wrong(every, "sum-missing", f"the sum with {shown}")
    yield wrong(("T", every), "sum-missing", f"the sum with {shown}", extra=0.1)
    yield wrong(("sum", every, 0), "sum-axis", f"the sum with {shown}", new=WRONG_AXIS)
    yield wrong(("T", ("mean", every, 1)), "mean-for-sum", f"the sum with {shown}")
    yield wrong(("mean", every, 0), "mean-for-sum", f"the sum with {shown}, the other axis", extra=0.6)
    yield wrong(mul(row, ("mean", base, 1)), "mean-variable", shown, extra=0.3)
    for k, extra in ((-1, 0.0), (0, 0.2)):
        one = ("mm", ("column", row, k), ("T", ("column", base, k)))
        yield wrong(one, "last-term", f"the sum with {shown}", extra=extra)


def _around_the_matrix(row: Node, matrix: Node, shown: str) -> Iterator[Mutant]:
    """A factor of the row multiplied in after the matrix; or a gradient without the matrix and all other factors."""
    for i, factor in enumerate(row[1:]):
        rest = mul(*(other for j, other in enumerate(row[1:]) if j != i))
        if factor[0] == "g":
            yield wrong(
                factor, "used-as-it-is", f"{shown} and {factor_text(rest)}", new=factor_text(factor), extra=-0.1
            )
        else:
            yield wrong(mul(("mm", rest, matrix), factor), "operand-order-steps", factor_text(factor), extra=-0.2)


def _outer(x: Node, y: Node, world: World) -> Iterator[Mutant]:
    """All pairs of two rows, x^T y; summed over the examples where each has several rows."""
    pair = f"{factor_text(x)} and {factor_text(y)}"
    values, inner = world.evaluator(x), ("mm", x, ("T", y))
    summed = values is not None and any(value.ndim == 2 and len(value) > 1 for value in values)
    yield wrong(mul(x, y), *(("elementwise-for-matrix", factor_text(x)) if summed else ("elementwise-for-outer", pair)))
    yield wrong(inner, *(("transpose-factor", "each factor") if summed else ("inner-for-outer", pair)))
    yield wrong(("spread", mul(x, y)), "diagonal-only", "the table of all pairs")
    for one, other in product(("sum", "mean"), repeat=2):
        done = "summed" if one == other == "sum" else "averaged"
        yield wrong(("mm", ("T", (one, x, 0)), (other, y, 0)), "examples-apart", pair, new=done)
    formula = world.model.get(x[1]) if x[0] == "q" else None
    if formula is not None and formula[0] == "row":
        yield wrong(mul(formula[2], y), "wrong-row", x[1], new=f"the index {text(formula[2])}")
    for k, extra in ((-1, 0.0), (0, 0.2)):
        single = ("mm", ("T", ("one-of", x, k, 0)), ("one-of", y, k, 0))
        yield wrong(single, "last-term", f"the sum with {pair}", extra=extra)
    yield wrong(y, "missing-factor", factor_text(x), extra=0.1)
    yield wrong(x, "missing-factor", factor_text(y), extra=0.1)
    yield from _on_the_other_side(x, y)
    for name in world.matrices:
        matrix = q(name)
        if matrix in (x, y):
            continue
        yield wrong(mul(matrix, y), "wrong-variable-shape", factor_text(x), new=name, extra=0.2)
        yield wrong(mul(("T", x), matrix), "wrong-variable-shape", factor_text(y), new=name, extra=0.2)
        yield wrong(mul(("T", matrix), y), "wrong-variable-shape", factor_text(x), new=f"{name}^T", extra=0.5)
        if not summed:
            through = ("mm", ("mm", x, matrix), ("T", y))
            yield wrong(through, "inner-for-outer", f"{pair} through {name}", extra=0.6)
        yield wrong(mul(("mm", x, matrix), y), "extra-matrix", name, new=name, extra=0.3)


def _on_the_other_side(x: Node, y: Node) -> Iterator[Mutant]:
    """A factor of one of the rows in x^T y multiplied into the other one."""
    for factor in x[1:] if x[0] == "mul" else ():
        rest = mul(*(each for each in x[1:] if each != factor))
        yield wrong(("mm", ("T", rest), mul(y, factor)), "operand-order-side", factor_text(factor))
    for factor in y[1:] if y[0] == "mul" else ():
        rest = mul(*(each for each in y[1:] if each != factor))
        yield wrong(("mm", ("T", mul(x, factor)), rest), "operand-order-side", factor_text(factor))


def _jacobian(outer: Node, jacobian: Node, world: World) -> Iterator[Mutant]:
    """dJ/d(output) times the whole derivative of a function of the row."""
    application = next((one for one in world.applications if not world.functions.entrywise[one.function]), None)
    if application is None:
        return
    function = application.function
    diagonal = application.derivative
    out = q(application.quantity)
    yield wrong(outer, "skipped-jacobian", function)
    yield wrong(mul(outer, diagonal), "jacobian-diagonal", function)
    yield wrong(diagonal, "jacobian-slope", function)
    by_output = text(("d", application.quantity, world.assignment.config.loss))
    yield wrong(jacobian, "derivative-table", function, new=by_output)
    yield wrong(("jacobian", function, outer), "derivative-table-at", function, new=by_output)
    for entrywise in (mul(outer, jacobian), mul(("T", outer), jacobian)):
        yield wrong(entrywise, "elementwise-for-matrix", f"the derivative of {function}")
    if jacobian[0] == "add":
        added = add(jacobian[1], ("mm", transposed(out), out))
        yield wrong(("mm", outer, added), "sign-jacobian", function)
    for target in world.one_hots:
        fraction = ("div", add(out, ("neg", q(target))), diagonal)  # -y / p + (1 - y) / (1 - p)
        for each in (fraction, ("mm", fraction, jacobian)):
            yield wrong(each, "wrong-loss", "the loss", new="the derivative of a binary cross entropy of each entry")


def _late_factor(other: Node, local: Node, world: World, *, left: bool) -> Iterator[Mutant]:
    """A factor of the upstream gradient multiplied in after the matrix product, or on the other side of it."""
    factors = local[1:]
    for i in range(1, len(factors)):
        rest, late = mul(*factors[:i]), mul(*factors[i:])
        product: Node = ("mm", rest, other) if left else ("mm", other, rest)
        shown = next(
            (f"{one.function}'" for one in world.applications if world.equal(late, one.derivative)), text(late)
        )
        yield wrong(mul(product, late), "operand-order-steps", shown)
        if not left and other[0] == "T":
            yield wrong(("mm", ("T", mul(other[1], late)), rest), "transpose-pairing", shown)


def whole_mutants(tree: Node, name: str, world: World) -> Iterator[Mutant]:
    """What goes wrong with a gradient after it was computed."""
    shape = world.gradient_shape(name)
    axes = world.axis_names(shape)
    vector = len(axes) < 2
    matrix = next((text(leaf) for leaf in leaves(tree) if leaf[0] == "q" and leaf[1] in world.matrices), "")
    if vector and matrix and tree[0] == "mm":
        yield wrong(("T", tree), "operand-order", matrix, new="column" if shape[0] == 1 else "row")
    elif len(shape) > 1:
        yield wrong(("T", tree), "transpose-result")
    for axis, along in axes:
        yield wrong(
            ("running", tree, axis), "running-sum", new=_RUNNING.get(along, along) if not vector else "along the row"
        )
    if not vector:
        yield wrong(("as", ("T", tree), tree), "transpose-reshape")
        yield wrong(add(tree, ("T", tree)), "extra-transpose")
        for axis, along in axes:
            yield wrong(("sum", tree, axis), "sum-extra", new=along)
            for kind, slug in (("sum", "sum-extra"), ("mean", "mean-extra")):
                filled = mul(("ones", tree), (kind, tree, axis))
                yield wrong(filled, slug, new=f"{along}, with the {kind} in every place", extra=0.1)
        yield wrong(("mean", tree, 0), "mean-extra", new="over the rows", extra=0.1)
        yield wrong(("diagonal", tree), "diagonal-only")
    else:
        yield from _summed_gradients(name, shape, world)
        yield wrong(("spread", tree), "shape-reshaped", extra=0.4)
        yield from _tables(tree, world)
        yield wrong(("div", tree, ("total", ("ones", tree))), "scale-size", new="the number of entries")
    yield wrong(mul(number(2), tree), "scale-number", new="2", extra=0.1)
    yield wrong(("neg", tree), "sign-result", extra=0.1)
    yield wrong(("all", tree), "sum-extra", new="over all entries")
    everywhere = mul(("ones", tree), ("all", tree))
    yield wrong(everywhere, "sum-extra", new="over all entries, with the sum in every place", extra=0.2)
    yield wrong(("average", tree), "mean-extra", new="over all entries", extra=0.3)
    yield wrong(("abs", tree), "sign-absolute", extra=0.4)
    yield from _extra(tree, shape, world)
    for other, own in world.shapes.items():
        if not vector and own == (1, shape[-1]):
            yield wrong(add(tree, q(other)), "extra-term", other, new=f"{other} in every row", extra=0.1)


_RUNNING = {"over the rows": "down the rows", "over the columns": "along the rows"}


def _summed_gradients(name: str, shape: tuple[str | int, ...], world: World) -> Iterator[Mutant]:
    """The gradient by a matrix, summed to the shape of a row."""
    for other in world.assignment.names if shape else ():
        axes = world.axis_names(world.gradient_shape(other)) if other != name else []
        for axis, along in axes if len(axes) == 2 and shape else ():
            if world.gradient_shape(other)[1 - axis] == shape[-1]:
                summed: Node = ("sum", ("g", other), axis)
                shown = gradient_text(other)
                new = f"{shown} summed {along}"
                yield wrong(("T", summed) if axis == 1 else summed, "wrong-result", shown, new=new, extra=-0.2)


def _tables(tree: Node, world: World) -> Iterator[Mutant]:
    for name in world.matrices:
        table = q(name)
        for index in world.indices:
            yield wrong(("mm", ("T", ("hot", q(index), table)), tree), "shape-scattered", name)
        yield wrong(("repeat", tree, table), "shape-repeated", name, new=f"the row over all rows of {name}")


def _slopes_at(quantity: Node, world: World) -> list[Node]:
    """The derivatives of the model's functions, written with their output, as if this quantity were one."""
    forms = [mul(quantity, one_minus(quantity))]
    for one in world.applications:
        forms += [replaced(form, one.output, quantity) for form in derivative_forms(world, one) if form[0] != "div"]
    return list(dict.fromkeys(forms))


def _extra(tree: Node, shape: tuple[str | int, ...], world: World) -> Iterator[Mutant]:
    for other, own in world.shapes.items():
        if own == shape:
            quantity = q(other)
            applied = world.applied(other)
            yield wrong(mul(tree, quantity), "extra-factor", other, new=other)
            yield wrong(add(tree, quantity), "extra-term", other, new=other)
            yield wrong(mul(tree, one_minus(quantity)), "extra-factor", f"1 - {other}", new=f"1 - {other}")
            for bump in _slopes_at(quantity, world) if applied is None else ():
                yield wrong(mul(tree, bump), "extra-slope-at", other, new=text(bump))
            yield wrong(("div", tree, quantity), "divided", other, extra=0.6)
    for application in world.applications:
        if world.shapes[application.quantity] == shape:
            yield from extra_application(tree, application, world)
    for matrix in world.matrices:
        for factor in (q(matrix), ("T", q(matrix))):
            yield wrong(("mm", tree, factor), "extra-matrix", matrix, new=text(factor), extra=0.1)
    for gradient in world.assignment.names:
        if world.gradient_shape(gradient) == shape and tree != ("g", gradient):
            yield wrong(add(tree, ("g", gradient)), "extra-path", gradient, new=gradient_text(gradient))
