"""What goes wrong at a matrix product and at the result as a whole."""

from collections.abc import Iterator

from grader.diagnosis.formulas.expression import Node, add, leaves, mul, number, one_minus, q, transposed
from grader.diagnosis.formulas.rendering import gradient_text, text
from grader.diagnosis.formulas.world import World
from grader.diagnosis.mutations.leaves import Mutant
from grader.diagnosis.mutations.products import extra_application, factor_text, slope_of
from grader.diagnosis.operators import OPERATORS


def matrix_product_mutants(node: Node, world: World) -> Iterator[Mutant]:
    """Mutants of ("mm", a, b): a row times a matrix, or all pairs of two rows."""
    a, b = node[1], node[2]
    for matrix, other, swapped in ((b, a, False), (a, b, True)):
        base = matrix[1] if matrix[0] == "T" else matrix
        if base[0] == "q" and base[1] in world.matrices:
            yield from _row_by_matrix(other, matrix, base, swapped=swapped)
    if a[0] == "T":
        yield from _outer(a[1], b, world)
    if b[0] == "jacobian" or (b[0] == "add" and b[1][0] == "spread"):
        yield from _jacobian(a, b, world)
    for upstream, other, left in ((a, b, True), (b, a, False)):
        local = world.local.get(upstream[1]) if upstream[0] == "g" else None
        if local is not None and local[0] == "mul":
            yield from _late_factor(other, local, world, left=left)


def _row_by_matrix(row: Node, matrix: Node, base: Node, *, swapped: bool) -> Iterator[Mutant]:
    shown = text(base)

    def product(middle: Node) -> Node:
        return ("mm", middle, row) if swapped else ("mm", row, middle)

    yield product(transposed(matrix)), OPERATORS["transpose-factor"].edit(shown)
    yield product(("reshaped", base)), OPERATORS["transpose-reshape"].edit(shown)
    yield product(("inverse", base)), OPERATORS["inverse-for-transpose"].edit(shown)
    yield product(("T", ("inverse", base))), OPERATORS["inverse-for-transpose"].edit(shown, extra=0.4)
    yield product(transposed(("pow", base, 2))), OPERATORS["extra-factor"].edit(shown, new=shown)
    yield row, OPERATORS["missing-matrix"].edit(shown)
    yield mul(row, ("diagonal", base)), OPERATORS["diagonal-only"].edit(shown)
    every = mul(base, row)
    yield every, OPERATORS["sum-missing"].edit(f"the sum with {shown}")
    yield ("T", every), OPERATORS["sum-missing"].edit(f"the sum with {shown}", extra=0.1)
    yield ("sum", every, 0), OPERATORS["sum-axis"].edit(f"the sum with {shown}")
    yield ("T", ("mean", every, 1)), OPERATORS["mean-for-sum"].edit(f"the sum with {shown}")
    yield ("mean", every, 0), OPERATORS["mean-for-sum"].edit(f"the sum with {shown}, the other axis", extra=0.6)
    yield mul(row, ("mean", base, 1)), OPERATORS["mean-variable"].edit(shown, extra=0.3)
    for k, extra in ((-1, 0.0), (0, 0.2)):
        one = ("mm", ("column", row, k), ("T", ("column", base, k)))
        yield one, OPERATORS["last-term"].edit(shown, extra=extra)


def _outer(x: Node, y: Node, world: World) -> Iterator[Mutant]:
    """All pairs of two rows, x^T y."""
    pair = f"{factor_text(x)} and {factor_text(y)}"
    yield mul(x, y), OPERATORS["elementwise-for-outer"].edit(pair)
    yield ("mm", x, ("T", y)), OPERATORS["inner-for-outer"].edit(pair)
    yield ("spread", mul(x, y)), OPERATORS["diagonal-only"].edit("the table of all pairs")
    yield y, OPERATORS["missing-factor"].edit(factor_text(x), extra=0.1)
    yield x, OPERATORS["missing-factor"].edit(factor_text(y), extra=0.1)
    for name in world.matrices:
        matrix = q(name)
        other = OPERATORS["wrong-variable-shape"]
        yield mul(matrix, y), other.edit(factor_text(x), new=name, extra=0.2)
        yield mul(("T", x), matrix), other.edit(factor_text(y), new=name, extra=0.2)
        yield mul(("T", matrix), y), other.edit(factor_text(x), new=f"{name}^T", extra=0.5)
        inner = ("mm", ("mm", x, matrix), ("T", y))
        yield inner, OPERATORS["inner-for-outer"].edit(f"{pair} through {name}", extra=0.6)
        yield mul(("mm", x, matrix), y), OPERATORS["extra-matrix"].edit(name, new=name, extra=0.3)


def _jacobian(outer: Node, jacobian: Node, world: World) -> Iterator[Mutant]:
    """dJ/d(output) times the whole derivative of a function of the row."""
    application = next((one for one in world.applications if not world.functions.entrywise[one.function]), None)
    if application is None:
        return
    function = application.function
    diagonal: Node = ("slope", function, application.argument)
    out = q(application.quantity)
    yield outer, OPERATORS["skipped-jacobian"].edit(function)
    yield mul(outer, diagonal), OPERATORS["jacobian-diagonal"].edit(function)
    yield diagonal, OPERATORS["jacobian-slope"].edit(function)
    by_output = text(("d", application.quantity, world.assignment.config.loss))
    yield jacobian, OPERATORS["derivative-table"].edit(function, new=by_output)
    yield ("jacobian", function, outer), OPERATORS["derivative-table-at"].edit(function, new=by_output)
    for entrywise in (mul(outer, jacobian), mul(("T", outer), jacobian)):
        yield entrywise, OPERATORS["elementwise-for-matrix"].edit(f"the derivative of {function}")
    if jacobian[0] == "add":
        added = add(jacobian[1], ("mm", transposed(out), out))
        yield ("mm", outer, added), OPERATORS["sign-jacobian"].edit(function)
    for target in world.one_hots:
        fraction = ("div", add(out, ("neg", q(target))), diagonal)  # -y / p + (1 - y) / (1 - p)
        each = OPERATORS["wrong-loss"].edit("the loss", new="the derivative of a binary cross entropy of each entry")
        yield fraction, each
        yield ("mm", fraction, jacobian), each
        logarithm = mul(q(target), ("fn", "log", out))
        yield logarithm, OPERATORS["wrong-loss"].edit("the loss", new="the loss itself, entry by entry,")


def _late_factor(other: Node, local: Node, world: World, *, left: bool) -> Iterator[Mutant]:
    """A factor of the upstream gradient multiplied in after the matrix product, or on the other side of it."""
    factors = local[1:]
    for i in range(1, len(factors)):
        rest, late = mul(*factors[:i]), mul(*factors[i:])
        product: Node = ("mm", rest, other) if left else ("mm", other, rest)
        shown = next((f"{one.function}'" for one in world.applications if world.equal(late, slope_of(one))), text(late))
        yield mul(product, late), OPERATORS["operand-order-steps"].edit(shown)
        if not left and other[0] == "T":
            yield ("mm", ("T", mul(other[1], late)), rest), OPERATORS["transpose-pairing"].edit(shown)


def whole_mutants(tree: Node, name: str, world: World) -> Iterator[Mutant]:
    """What goes wrong with a gradient after it was computed."""
    shape = world.gradient_shape(name)
    row = shape[0] == 1
    matrix = next((text(leaf) for leaf in leaves(tree) if leaf[0] == "q" and leaf[1] in world.matrices), "")
    if row and matrix and tree[0] == "mm":
        yield ("T", tree), OPERATORS["operand-order"].edit(matrix)
    else:
        yield ("T", tree), OPERATORS["transpose-result"].edit("the result")
    if not row:
        yield ("as", ("T", tree), tree), OPERATORS["transpose-reshape"].edit("the result")
        yield ("running", tree, 0), OPERATORS["running-sum"].edit("the result", new="down the rows")
        yield ("running", tree, 1), OPERATORS["running-sum"].edit("the result", new="along the rows")
        yield add(tree, ("T", tree)), OPERATORS["extra-transpose"].edit("the result")
        yield ("sum", tree, 0), OPERATORS["sum-extra"].edit("the result", new="over the rows")
        yield ("mean", tree, 0), OPERATORS["mean-extra"].edit("the result", new="over the rows", extra=0.1)
        yield ("sum", tree, 1), OPERATORS["sum-extra"].edit("the result", new="over the columns")
        yield ("diagonal", tree), OPERATORS["diagonal-only"].edit("the result")
    else:
        yield ("spread", tree), OPERATORS["shape-reshaped"].edit("the result", extra=0.4)
        yield ("running", tree, 1), OPERATORS["running-sum"].edit("the result", new="along the row")
        yield from _tables(tree, world)
        yield (
            ("div", tree, ("total", ("ones", tree))),
            OPERATORS["scale-size"].edit("the result", new="the number of entries"),
        )
    yield mul(number(2), tree), OPERATORS["scale-number"].edit("the result", new="2", extra=0.1)
    yield ("neg", tree), OPERATORS["sign-result"].edit("the result", extra=0.1)
    yield ("total", tree), OPERATORS["sum-extra"].edit("the result", new="over all entries")
    everywhere = mul(("ones", tree), ("total", tree))
    yield (
        everywhere,
        OPERATORS["sum-extra"].edit("the result", new="over all entries, with the sum in every place", extra=0.2),
    )
    yield ("average", tree), OPERATORS["mean-extra"].edit("the result", new="over all entries", extra=0.3)
    yield ("abs", tree), OPERATORS["sign-absolute"].edit("the result", extra=0.4)
    yield from _extra(tree, shape, world)


def _tables(tree: Node, world: World) -> Iterator[Mutant]:
    for name in world.matrices:
        table = q(name)
        for index in world.indices:
            yield ("mm", ("T", ("hot", q(index), table)), tree), OPERATORS["shape-scattered"].edit(name)
        yield ("repeat", tree, table), OPERATORS["shape-repeated"].edit(name, new=f"the row over all rows of {name}")


def _extra(tree: Node, shape: tuple[str | int, ...], world: World) -> Iterator[Mutant]:
    for other, own in world.shapes.items():
        if own == shape:
            quantity = q(other)
            applied = world.applied(other)
            yield mul(tree, quantity), OPERATORS["extra-factor"].edit(other, new=other)
            yield add(tree, quantity), OPERATORS["extra-term"].edit(other, new=other)
            yield mul(tree, one_minus(quantity)), OPERATORS["extra-factor"].edit(f"1 - {other}", new=f"1 - {other}")
            if applied is None:
                bump = mul(quantity, one_minus(quantity))
                yield mul(tree, bump), OPERATORS["extra-slope-at"].edit(other, new=text(bump))
            yield ("div", tree, quantity), OPERATORS["divided"].edit(other, extra=0.6)
    for application in world.applications:
        if world.shapes[application.quantity] == shape:
            yield from extra_application(tree, application, world)
    for matrix in world.matrices:
        for factor in (q(matrix), ("T", q(matrix))):
            yield ("mm", tree, factor), OPERATORS["extra-matrix"].edit(matrix, new=text(factor), extra=0.1)
    for gradient in world.assignment.names:
        if world.gradient_shape(gradient) == shape and tree != ("g", gradient):
            edit = OPERATORS["extra-path"].edit(gradient, new=gradient_text(gradient))
            yield add(tree, ("g", gradient)), edit
