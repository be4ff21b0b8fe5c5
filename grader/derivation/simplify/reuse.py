"""Gradients by name: where a formula contains the formula of another gradient, it uses its name."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from grader.derivation.graph.nodes import Array, Graph, Node
from grader.derivation.simplify.algebra import as_product, number, times
from grader.derivation.simplify.simplify import Simplifier


class Gradient(Struct, frozen=True):
    """The gradient by one quantity: the whole formula, and the one that uses other gradients by name."""

    name: str
    quantity: Node
    formula: Node

    @property
    def of(self) -> str:
        return self.quantity.name

    @property
    def value(self) -> Array:
        return self.formula.value

    @property
    def upstream(self) -> tuple[str, ...]:
        return tuple(node.name for node in self.formula.walk() if node.get("gradient"))


def gradient_leaf(quantity: Node, name: str, value: Array) -> Node:
    """The gradient by a quantity as a name."""
    return quantity.graph.gradient(name, value, quantity.name, quantity.index)


class Reuser(Simplifier):
    """Puts the names of gradients where their formulas stand, or multiples of their formulas."""

    def __init__(self, graph: Graph, gradients: Iterable[Gradient]) -> None:
        super().__init__(graph)
        self.products: list[tuple[dict[Node, Any], Node]] = []
        for gradient in gradients:
            coefficient, factors = as_product(gradient.formula)
            scalars = {factor: e for factor, e in factors.items() if not factor.shape}
            rest = {factor: e for factor, e in factors.items() if factor.shape}
            if not rest or (len(rest) == 1 and next(iter(rest)).op in ("leaf", "gradient")):
                continue
            leaf = gradient_leaf(gradient.quantity, gradient.name, gradient.value)
            inverse = [(number(graph, coefficient), -1), *((factor, -e) for factor, e in scalars.items()), (leaf, 1)]
            named = times(graph, [(node, Fraction(e)) for node, e in inverse], gradient.value.shape)
            if list(rest.values()) == [1]:
                self.known[next(iter(rest))] = named
            else:
                self.products.append((rest, named))

    def apply(self, node: Node, args: tuple[Node, ...]) -> Node:
        if node.op == "times":
            coefficient, factors = as_product(node)
            for pattern, named in self.products:
                if named.shape == node.shape and pattern == {f: e for f, e in factors.items() if f.shape}:
                    others = [(f, e) for f, e in factors.items() if not f.shape]
                    return times(self.graph, [(number(self.graph, coefficient), 1), (named, 1), *others], node.shape)
        return super().apply(node, args)


def reuse(graph: Graph, ordered: list[Gradient]) -> dict[str, Gradient]:
    """The gradients by name, each written with the names of those before it."""
    result: dict[str, Gradient] = {}
    for position, gradient in enumerate(ordered):
        formula = Reuser(graph, ordered[:position])(gradient.formula)
        result[gradient.name] = replace(gradient, formula=formula)
    return result
