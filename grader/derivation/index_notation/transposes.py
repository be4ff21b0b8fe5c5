"""Where a transpose comes from: which index is summed, and where it stands in each factor of a matrix product."""

from collections.abc import Iterator, Mapping

from grader.derivation.graph.nodes import Node
from grader.derivation.writing.printing import POWER, Printer

LONGEST, MOST = 400, 4  # of the sentences on one formula; a loop that is written out has many of the same kind
NO_RULE = (
    "No rule of differentiation produces a transpose. The gradient by one entry is a number, a product or a sum of"
    " products. The transpose is how all of these numbers are written as one product of matrices."
)
THE_RULE = (
    NO_RULE,
    "For a product P = A @ B with the gradient G of the loss by P, always",
    "    dJ/dA = G @ B.T        dJ/dB = A.T @ G",
    "The factor that is differentiated gives its place to G. The other factor keeps its side and is transposed.",
)
RESULT_IS_A_SUM = (
    "{name} sums over {size}, the rows of {x}, {shape}: what it is the gradient by is used for every row. @ sums over the"
    " axis between its factors, and the transpose brings {size} there."
)


def products_in(formula: Node) -> Iterator[Node]:
    """The matrix products of a formula that have a transposed factor."""
    for node in formula.walk():
        if node.op == "matmul" and any(arg.op == "transpose" for arg in node.args):
            yield node


def why(formula: Node, printer: Printer) -> list[str]:
    """One sentence or two for each transpose in a formula."""
    sentences = [sentence for product in products_in(formula) for sentence in _reasons(product, printer)]
    return [sentence for sentence in dict.fromkeys(sentences) if len(sentence) < LONGEST][:MOST]


def _reasons(product: Node, printer: Printer) -> Iterator[str]:
    left, right = product.args
    inner = left.shape[-1]
    size = printer(product.graph.size(inner))
    if left.op == "transpose" and len(right.shape) == 2:
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


def overview(formulas: Mapping[str, Node], printer: Printer) -> list[str]:
    """Where the transposes of a whole assignment come from: the rule, and each of its cases that occurs."""
    found = [(name, product) for name, formula in formulas.items() for product in products_in(formula)]
    if not found:
        return ["No gradient of this model has a transpose in it."]
    left = [(name, p) for name, p in found if p.args[0].op == "transpose"]
    right = [(name, p) for name, p in found if p.args[1].op == "transpose"]
    outer = [(name, p) for name, p in found if p.args[0].shape[-1] == 1]
    rows = [(name, p) for name, p in outer if p.args[0].op == "transpose"]
    columns = [(name, p) for name, p in outer if p.args[1].op == "transpose"]
    batches = [(name, p) for name, p in left if p.args[0].shape[-1] > 1 and p.args[1].shape[-1] > 1]
    lines = [*THE_RULE]
    lines += _listed("On the left", left, 0, printer) + _listed("On the right", right, 1, printer)
    lines += _outer_products(rows, columns, printer)
    return lines + _sums_over_rows(batches, printer)


def _listed(title: str, found: list[tuple[str, Node]], side: int, printer: Printer) -> list[str]:
    pairs = dict.fromkeys(f"{printer(product.args[side])} in {name}" for name, product in found)
    return [f"{title}: {', '.join(pairs)}."] if pairs else []


def _outer_products(rows: list[tuple[str, Node]], columns: list[tuple[str, Node]], printer: Printer) -> list[str]:
    lines = []
    for kind, found in (("rows", rows), ("columns", columns)):
        if found:
            name, product = found[0]
            side = kind == "columns"
            vector = product.args[side].args[0]
            lines.append(
                f"The vectors of this model are {kind}, such as {printer(vector)}, {shape_text(vector)}. In {name} nothing is"
                f" summed: every entry of one vector meets every entry of the other, an outer product. It is written as a"
                f" column times a row, so {printer(vector)} is transposed to {shape_text(product.args[side])}. With"
                f" {'columns' if kind == 'rows' else 'rows'} instead, the same numbers would have their transpose on the"
                f" {'right' if kind == 'rows' else 'left'}."
            )
    return lines


def _sums_over_rows(batches: list[tuple[str, Node]], printer: Printer) -> list[str]:
    if not batches:
        return []
    name, product = batches[0]
    x, size = product.args[0].args[0], printer(product.graph.size(product.args[0].shape[-1]))
    return [RESULT_IS_A_SUM.format(name=name, x=printer(x), shape=shape_text(x), size=size)]
