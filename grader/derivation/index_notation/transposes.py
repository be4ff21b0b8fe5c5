"""Where a transpose comes from: which index is summed, and where it stands in each factor of a matrix product."""

from collections.abc import Iterator, Mapping, Sequence

from grader.derivation.graph.nodes import Node
from grader.derivation.writing.printing import POWER, Printer
from grader.derivation.writing.rolled import rolled

LONGEST, MOST = 400, 4  # of the sentences on one formula; a loop that is written out has many of the same kind
THE_RULE = (
    (
        "No rule of differentiation produces a transpose. The gradient with respect to one entry is a number, a product"
        " or a sum of products. The transpose is how all of these numbers are written as one product of matrices."
    ),
    "For a product P = A @ B, that is P[i, j] = Σ_k A[i, k] · B[k, j], with G the gradient of the loss with respect to P, always",
    "    ∂J/∂A[i, k] = Σ_j G[i, j] · B[k, j]        dJ/dA = G @ B.T",
    "    ∂J/∂B[k, j] = Σ_i A[i, k] · G[i, j]        dJ/dB = A.T @ G",
    (
        "@ sums over the last index of its left factor and the first of its right one. In the first line the summed j is last"
        " in B, in the second the summed i is first in A: that factor is transposed. The factor that is differentiated gives"
        " its place to G, and the other one keeps its side."
    ),
)
RESULT_IS_A_SUM = (
    "{name} sums over {size}, the rows of {x}, {shape}, since {of} is used for every row. @ sums over the axis between its"
    " factors, and the transpose brings {size} there."
)
ONE_AXIS = (
    "An array with one axis, such as {x}, {shape}, has no transpose: .T does nothing to it. @ sums over its only axis, and"
    " the outer product of two of them is np.outer."
)
TURNED = (
    "In {name} the gradient itself, {g}, is transposed: the model has {of}.T as the right factor. By the rule the gradient"
    " with respect to {of}.T is {a}.T @ {g}, and that with respect to {of} is its transpose, {g}.T @ {a}."
)


def products_in(formula: Node) -> Iterator[Node]:
    """The matrix products of a formula that have a transposed factor."""
    for node in formula.walk():
        if node.op == "matmul" and any(arg.op == "transpose" for arg in node.args):
            yield node


def why(formula: Node, printer: Printer) -> list[str]:
    """One sentence or two for each transpose in a formula."""
    sentences = [sentence for product in products_in(formula) for sentence in _reasons(product, printer)]
    kept = [sentence for sentence in dict.fromkeys(reversed(sentences)) if len(sentence) < LONGEST]
    lines = [line.strip() for line in rolled(kept, lambda size: printer(formula.graph.size(size)))]
    return [line for line in lines if not line.startswith("for ")][:MOST]  # those of a loop once


def _reasons(product: Node, printer: Printer) -> Iterator[str]:
    left, right = product.args
    inner = left.shape[-1]
    size = printer(product.graph.size(inner))
    if product.value.size == 1 or left.value.size == 1:
        return
    if left.op == "transpose" and len(right.shape) == 1:
        yield (
            f"Why {printer(left)}: the summed index counts {size}, and it comes first in {printer(left.args[0])},"
            f" {shape_text(left.args[0])}. @ sums over the last index of its left factor, so {printer(left.args[0])} is"
            " transposed."
        )
    elif left.op == "transpose" and len(product.shape) > 2:
        yield (
            f"Why {printer(left)}: the summed index counts {size}, and it is the last but one of {printer(left.args[0])},"
            f" {shape_text(left.args[0])}. @ sums over the last index of its left factor, so the two are exchanged."
        )
    elif left.op == "transpose":
        a, b = printer(left.args[0]), printer(right)
        rows, columns = (printer(product.graph.size(n)) for n in product.shape)
        if inner == 1:
            yield (
                f"Why {printer(left)}: nothing is summed. Each of the {rows} entries of {a} meets each of the {columns}"
                f" entries of {b}, an outer product. @ sums over its inner axis, so that axis must have size one:"
                f" {a} is {shape_text(left.args[0])}, and its transpose is {shape_text(left)}."
            )
        else:
            yield (
                f"Why {printer(left)}: the summed index counts {size}, and it comes first in {a}, {shape_text(left.args[0])}."
                f" @ sums over the last index of its left factor, so {a} is transposed."
            )
    if right.op == "transpose":
        w = printer(right.args[0])
        if inner == 1:
            yield (
                f"Why {printer(right)}: nothing is summed. Every entry of {printer(left)} meets every entry of {w},"
                f" an outer product, and the inner axis of @ must have size one: {w} is {shape_text(right.args[0])},"
                f" and its transpose is {shape_text(right)}."
            )
        else:
            yield (
                f"Why {printer(right)}: the sum runs over {size}, the last index of {w}, {shape_text(right.args[0])}."
                f" @ needs it first in its right factor, so {w} is transposed."
            )


def shape_text(node: Node) -> str:
    letters = node.graph.letters(node.shape)
    return f"({', '.join(letters)}{',' if len(letters) == 1 else ''})"


def shapes_under(formula: Node, printer: Printer, result: str) -> list[str]:
    """A matrix product with the shapes under its factors."""
    if formula.op != "matmul":
        return []
    left, right = ((printer.inside(arg, POWER), shape_text(arg)) for arg in formula.args)
    cells = [left, ("@", "@"), right, ("=", " "), (result, shape_text(formula))]
    widths = [max(map(len, cell)) for cell in cells]
    return ["  ".join(cell[row].center(width) for cell, width in zip(cells, widths)).rstrip() for row in (0, 1)]


def first_product(formulas: Mapping[str, Node]) -> str:
    """The gradient that shows best where a transpose comes from: one of two vectors, else any."""
    found = [(name, product) for name, formula in formulas.items() for product in products_in(formula)]
    alone = [(name, p) for name, p in found if formulas[name] is p]
    outer = [name for name, p in alone if p.args[0].shape[-1] == 1]
    return next(iter([*outer, *(name for name, _ in alone), *(name for name, _ in found)]), "")


def overview(
    formulas: Mapping[str, Node], printer: Printer, wanted: Mapping[str, str], example: Sequence[str]
) -> list[str]:
    """Where the transposes of a whole assignment come from: the rule, an example, and each of its cases that occurs.

    Args:
        wanted: what each is the gradient by.
        example: lines of the derivation of one of the gradients.
    """
    found = [(name, product) for name, formula in formulas.items() for product in products_in(formula)]
    if not found:
        return ["No gradient of this model has a transpose in it.", *_one_axis(formulas, printer)]
    left = [(name, p) for name, p in found if p.args[0].op == "transpose"]
    right = [(name, p) for name, p in found if p.args[1].op == "transpose"]
    outer = [(name, p) for name, p in found if p.args[0].shape[-1] == 1 and p.args[0].value.size > 1]
    rows = [(name, p) for name, p in outer if p.args[0].op == "transpose"]
    columns = [(name, p) for name, p in outer if p.args[1].op == "transpose"]
    batches = [(name, p) for name, p in left if p.args[0].shape[-1] > 1]
    batches = [(name, p) for name, p in batches if p.args[0].args[0].op != "gradient" and p.shape[-1] > 1]
    turned = [(name, p) for name, p in left if p.args[0].args[0].op == "gradient" and p.args[0].shape[-1] > 1]
    lines = [*THE_RULE, *([f"In this assignment, for {first_product(formulas)}:", *example] if example else [])]
    lines += _listed("On the left", left, 0, printer) + _listed("On the right", right, 1, printer)
    lines += _outer_products(rows, columns, printer) + _sums_over_rows(batches, printer, wanted)
    for name, p in turned[:1]:
        g, a = printer(p.args[0].args[0]), printer(p.args[1])
        lines.append(TURNED.format(name=name, g=g, a=a, of=wanted[name]))
    return lines + _one_axis(formulas, printer)


def _listed(title: str, found: list[tuple[str, Node]], side: int, printer: Printer) -> list[str]:
    factors: dict[str, list[str]] = {}
    for name, product in found:
        names = factors.setdefault(_factor(product.args[side], printer), [])
        names += [name] if name not in names else []
    between = ", " if all(len(names) == 1 for names in factors.values()) else "; "
    shown = between.join(f"{factor} in {', '.join(names)}" for factor, names in factors.items())
    return [f"{title}: {shown}."] if shown else []


def _factor(node: Node, printer: Printer) -> str:
    """A transposed factor; a row that a loop takes from an array is any of its rows."""
    inside = node.args[0] if node.op == "transpose" else node
    taken = inside.op == "getitem" and inside.args[0].op == "leaf" and len(inside.args) == 1
    return f"{inside.args[0].name}[...].T, one row at a time," if taken else printer(node)


def _outer_products(rows: list[tuple[str, Node]], columns: list[tuple[str, Node]], printer: Printer) -> list[str]:
    lines = []
    for kind, found in (("rows", rows), ("columns", columns)):
        if found:
            side = kind == "columns"
            name, product = next((each for each in found if each[1].args[side].args[0].op == "leaf"), found[0])
            vector = product.args[side].args[0]
            lines.append(
                f"The vectors of this model are {kind}, such as {printer(vector)}, {shape_text(vector)}. In {name} nothing is"
                f" summed: every entry of one vector meets every entry of the other, an outer product. It is written as a"
                f" column times a row, so {printer(vector)} is transposed to {shape_text(product.args[side])}. With"
                f" {'columns' if kind == 'rows' else 'rows'} instead, the same numbers would have their transpose on the"
                f" {'right' if kind == 'rows' else 'left'}."
            )
    return lines


def _sums_over_rows(batches: list[tuple[str, Node]], printer: Printer, wanted: Mapping[str, str]) -> list[str]:
    if not batches:
        return []
    name, product = batches[0]
    x, size = product.args[0].args[0], printer(product.graph.size(product.args[0].shape[-1]))
    return [RESULT_IS_A_SUM.format(name=name, x=printer(x), shape=shape_text(x), size=size, of=wanted[name])]


def _one_axis(formulas: Mapping[str, Node], printer: Printer) -> list[str]:
    nodes = (node for formula in formulas.values() for node in formula.walk() if node.op in ("leaf", "gradient"))
    vectors = [node for node in nodes if len(node.shape) == 1 and node.value.dtype.kind == "f"]
    return [ONE_AXIS.format(x=printer(vectors[0]), shape=shape_text(vectors[0]))] if vectors else []
