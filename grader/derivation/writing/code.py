"""Formulas in the two styles of a solution file: its code (`s.x.T @ dE_dp(s)`) and its docstrings (`x^T dE/dp`)."""

from grader.derivation.graph.nodes import Node
from grader.derivation.writing.printing import ATOM, POWER, PRODUCT, Printer, Text


class DocPrinter(Printer):
    """Formulas as in a docstring: x^T dE/dp."""

    def __init__(self, loss: str, helpers: dict[str, str] | None = None) -> None:
        super().__init__(helpers)
        self.loss = loss

    def _gradient(self, node: Node) -> Text:
        return f"d{self.loss}/d{node.get('of')}", ATOM

    def _transpose(self, node: Node) -> Text:
        if len(node.shape) != 2:
            return super()._transpose(node)
        inside = self.inside(node.args[0], ATOM)
        return (f"({inside})^T" if node.args[0].op == "gradient" else f"{inside}^T"), ATOM

    def _matmul(self, node: Node) -> Text:
        left, right = node.args
        return f"{self(left) if left.op == 'matmul' else self.inside(left, POWER)} {self.inside(right, POWER)}", PRODUCT


class CodePrinter(Printer):
    """Formulas as a solution's code: quantities are `s.h`, other gradients are calls."""

    def __init__(self, sizes: dict[str, str], constants: set[str], helpers: dict[str, str] | None = None) -> None:
        super().__init__(helpers)
        self.sizes, self.constants = sizes, constants

    def _leaf(self, node: Node) -> Text:
        return (node.name if node.name in self.constants else f"s.{node.name}"), ATOM

    def _gradient(self, node: Node) -> Text:
        return f"{node.name}(s)", ATOM

    def _size(self, node: Node) -> Text:
        return self.sizes.get(node.name, str(int(node.value))), ATOM
