"""The gradients of a model at one point, as formulas: each with the gradients that it builds on as names.

One function of the model is differentiated at a time, with the gradient by its result as a leaf of that name; a quantity
whose gradient nobody asks for is seen through.  A formula that contains another one, `h.T @ (y_hat - y)`, uses its name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from grader.derivation import array_rules, shapes
from grader.derivation.algebra import as_product, number, plus, times
from grader.derivation.backward import gradients
from grader.derivation.loading import Model, trace
from grader.derivation.nodes import Array, Graph, Node, Unreadable
from grader.derivation.recorder import Tracer, new_graph
from grader.derivation.simplify import Simplifier
from grader.derivation.units import fold

TABLES = (array_rules, shapes)  # importing them fills the tables


@dataclass(frozen=True)
class Point:
    """Values of all quantities that the model does not compute, and the sizes of its dimensions there."""

    inputs: Mapping[str, Any]
    dimensions: Mapping[str, int]


@dataclass(frozen=True)
class Gradient:
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


@dataclass
class Forward:
    """The model's functions at a point, each as an expression of the quantities that it takes."""

    graph: Graph
    order: tuple[str, ...]  # the functions that the loss needs, in order of evaluation, the loss last
    parameters: Mapping[str, tuple[str, ...]]
    roots: dict[str, Node]
    leaves: dict[str, Node]


def order_of(model: Model, loss: str) -> tuple[str, ...]:
    """The functions that the loss needs, in an order in which they can be evaluated."""
    order: list[str] = []

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise Unreadable(f"{' needs '.join([*above, name])}: quantities cannot need themselves", str(model.path), 1)
        for parameter in model.parameters(name):
            if parameter in model.functions:
                visit(parameter, (*above, name))
        if name not in order:
            order.append(name)

    visit(loss, ())
    return tuple(order)


def run(model: Model, point: Point, loss: str) -> Forward:
    """Evaluate the model on stand-ins."""
    graph = new_graph(dict(point.dimensions))
    order = order_of(model, loss)
    parameters = {name: model.parameters(name) for name in order}
    forward = Forward(graph, order, parameters, {}, {})
    with model.on(graph) as functions:
        for name in order:
            for parameter in parameters[name]:
                if parameter not in forward.leaves:
                    forward.leaves[parameter] = graph.leaf(parameter, _plain(point, parameter))
            arguments = [Tracer(forward.leaves[parameter]) for parameter in parameters[name]]
            root = fold(trace(functions[name], arguments).node)
            forward.roots[name] = root
            forward.leaves[name] = graph.leaf(name, root.value)
    return forward


def _plain(point: Point, name: str) -> Array:
    if name not in point.inputs:
        raise Unreadable(f"{name}: no value is given for it, and no function of the model computes it")
    return np.asarray(point.inputs[name])


def derive_at(model: Model, point: Point, loss: str, wanted: Mapping[str, str]) -> dict[str, Gradient]:
    """The gradients by name, for `wanted`: the name of each gradient, and the quantity that it is the gradient by."""
    forward = run(model, point, loss)
    found = reuse(forward.graph, _local(forward, wanted))
    return {name: found[name] for name in wanted if name in found}


def _local(forward: Forward, wanted: Mapping[str, str]) -> list[Gradient]:
    """Each wanted gradient, those nearer to the loss first."""
    graph = forward.graph
    names = {quantity: name for name, quantity in reversed(list(wanted.items()))}
    simplify = Simplifier(graph, {root: forward.leaves[name] for name, root in forward.roots.items()})
    parts: dict[str, list[Node]] = {}
    found: dict[str, Gradient] = {}
    last_use: dict[str, int] = {}
    for moment, function in enumerate(reversed(forward.order)):
        result = forward.leaves[function]
        seed = _total(graph, parts.get(function, []), result) if moment else graph.constant(np.ones(result.shape))
        through = {quantity: simplify(part) for quantity, part in _contributions(forward, function, seed).items()}
        if function in names and moment:
            found[function] = Gradient(names[function], result, seed)
            named = gradient_leaf(result, names[function], seed.value)
            for quantity, part in _contributions(forward, function, named).items():
                through[quantity] = min(through[quantity], simplify(part), key=Node.tree_size)
        for quantity, part in through.items():
            parts.setdefault(quantity, []).append(part)
            last_use[quantity] = moment
    for quantity in names:
        known = quantity in forward.leaves and forward.leaves[quantity].value.dtype.kind == "f"
        if quantity not in found and known:
            total = _total(graph, parts.get(quantity, []), forward.leaves[quantity])
            found[quantity] = Gradient(names[quantity], forward.leaves[quantity], total)
    ordered = sorted(found.values(), key=lambda each: (last_use.get(each.of, -1), each.formula.tree_size()))
    extra = [
        Gradient(name, forward.leaves[of], found[of].formula)
        for name, of in wanted.items()
        if of in found and name != names[of]
    ]
    return ordered + extra


def gradient_leaf(quantity: Node, name: str, value: Array) -> Node:
    """The name of a gradient in the formulas of others; `rank` is the place of its quantity in the model."""
    graph = quantity.graph
    return graph.node("gradient", graph.leaf(name, value), gradient=True, name=name, rank=quantity.index)


def _total(graph: Graph, parts: list[Node], quantity: Node) -> Node:
    return plus(graph, [(Fraction(1), part) for part in parts], quantity.shape)


def _contributions(forward: Forward, function: str, seed: Node) -> dict[str, Node]:
    """What one function of the model adds to the gradients by its parameters."""
    leaves = {p: forward.leaves[p] for p in forward.parameters[function] if forward.leaves[p].value.dtype.kind == "f"}
    found = gradients(forward.roots[function], seed, leaves.values())
    return {parameter: found[leaf] for parameter, leaf in leaves.items() if leaf in found}


class _Reuser(Simplifier):
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
        formula = _Reuser(graph, ordered[:position])(gradient.formula)
        result[gradient.name] = replace(gradient, formula=formula)
    return result
