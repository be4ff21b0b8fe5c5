"""Where a transpose comes from: which index is summed, and where it stands in each factor of a matrix product."""

from collections.abc import Iterator

from grader.derivation.nodes import Node
from grader.derivation.printing import POWER, Printer


def products_in(formula: Node) -> Iterator[Node]:
    """The matrix products of a formula that have a transposed factor."""
    for node in formula.walk():
        if node.op == "matmul" and any(arg.op == "transpose" for arg in node.args):
            yield node


def why(formula: Node, printer: Printer) -> list[str]:
    """One sentence or two for each transpose in a formula."""
    return [sentence for product in products_in(formula) for sentence in _reasons(product, printer)]


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
                f" {a} is {_shape(left.args[0])}, and its transpose is {_shape(left)}."
            )
        else:
            yield (
                f"Why {printer(left)}: the summed index counts {size}, and it comes first in {a}, {_shape(left.args[0])}."
                f" @ sums over the last index of its left factor, so {a} is transposed."
            )
    if right.op == "transpose":
        w = printer(right.args[0])
        if inner == 1:
            yield (
                f"Why {printer(right)}: nothing is summed. Every entry of {printer(left)} meets every entry of {w},"
                f" an outer product, and the inner axis of @ must have size one: {w} is {_shape(right.args[0])},"
                f" and its transpose is {_shape(right)}."
            )
        else:
            yield (
                f"Why {printer(right)}: the sum runs over {size}, the last index of {w}, {_shape(right.args[0])}."
                f" @ needs it first in its right factor, so {w} is transposed. Forwards, {w} is summed over its first"
                f" index; backwards, over its last."
            )


def _shape(node: Node) -> str:
    letters = node.graph.letters(node.shape)
    return f"({', '.join(letters)}{',' if len(letters) == 1 else ''})"


def shapes_under(formula: Node, printer: Printer, result: str) -> list[str]:
    """A matrix product with the shapes under its factors."""
    if formula.op != "matmul":
        return []
    left, right = ((printer.inside(arg, POWER), _shape(arg)) for arg in formula.args)
    cells = [left, ("@", "@"), right, ("=", " "), (result, _shape(formula))]
    widths = [max(map(len, cell)) for cell in cells]
    return ["  ".join(cell[row].center(width) for cell, width in zip(cells, widths)).rstrip() for row in (0, 1)]
