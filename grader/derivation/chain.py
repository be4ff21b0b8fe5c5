"""The gradients of a model at one point, as formulas: each with the gradients that it builds on as names.

One function of the model is differentiated at a time, with the gradient by its result as a leaf of that name; a quantity
whose gradient nobody asks for is seen through.  A formula that contains another one, `x.T @ (p - t)`, uses its name.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from grader.derivation.graph.indexing import Slice, along, join_index
from grader.derivation.graph.loading import Model, trace
from grader.derivation.graph.naming import author_name
from grader.derivation.graph.nodes import Array, Graph, Node, Unreadable
from grader.derivation.graph.recorder import Tracer, new_graph
from grader.derivation.rules import array_rules, shapes
from grader.derivation.rules.backward import gradients
from grader.derivation.rules.filled import vectorized
from grader.derivation.rules.units import fold
from grader.derivation.simplify.algebra import plus
from grader.derivation.simplify.reuse import Gradient, gradient_leaf, reuse
from grader.derivation.simplify.simplify import Simplifier

TABLES = (array_rules, shapes)  # importing them fills the tables


class Point(Struct, frozen=True):
    """Values of all quantities that the model does not compute, and the sizes of its dimensions there.

    `discrete` names those of independent whole numbers, such as binary labels or a mask.
    """

    inputs: Mapping[str, Any]
    dimensions: Mapping[str, int]
    discrete: frozenset[str] = frozenset()


class Forward(Struct):
    """The model's functions at a point, each as an expression of the quantities that it takes."""

    graph: Graph
    order: tuple[str, ...]  # the functions that the loss needs, in order of evaluation, the loss last
    parameters: Mapping[str, tuple[str, ...]]
    roots: dict[str, Node]
    leaves: dict[str, Node]
    lines: Mapping[int, tuple[str, str]]  # the assignments of the model's file
    helpers: Mapping[str, str]  # the units among its functions

    def names(self) -> dict[Node, Node]:
        """The nodes that are quantities, or rows of them."""
        found: dict[Node, Node] = {}
        for name, root in self.roots.items():
            found |= {part: place for part, place in parts_of(root, self.leaves[name]) if part.args}
            found[root] = self.leaves[name]
        return found


def parts_of(root: Node, whole: Node) -> Iterator[tuple[Node, Node]]:
    """What a result is put together from, and where it then is: rows of a concatenation, values placed at an index."""
    if root.op == "concatenate":
        axis, start = root.get("axis"), 0
        for part in root.args:
            stop = start + part.shape[axis]
            if axis == 0 and part.op == "reshape" and part.args[0].shape == part.shape[1:]:
                yield part.args[0], root.graph.node("getitem", whole, index=(start,))  # np.stack
            else:
                yield part, root.graph.node("getitem", whole, index=along(axis, Slice(start, stop, None)))
            start = stop
    while root.op == "setitem" and len(root.args) == 2:
        index = root.get("index")
        if np.array_equal(whole.value[join_index(index, ())], root.args[1].value):
            yield root.args[1], root.graph.node("getitem", whole, index=index)
        root = root.args[0]


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


def run(model: Model, point: Point, loss: str, *, as_written: bool = False) -> Forward:
    """Evaluate the model on stand-ins.

    Args:
        as_written: leave arrays that loops fill as they are, entry by entry.
    """
    graph = new_graph(dict(point.dimensions), point.discrete)
    order = order_of(model, loss)
    parameters = {name: model.parameters(name) for name in order}
    forward = Forward(graph, order, parameters, {}, {}, model.targets, model.helpers)
    with model.on(graph) as functions:
        for name in order:
            for parameter in parameters[name]:
                if parameter not in forward.leaves:
                    forward.leaves[parameter] = graph.leaf(parameter, _plain(point, parameter))
            arguments = [Tracer(forward.leaves[parameter]) for parameter in parameters[name]]
            root = fold(trace(functions[name], arguments).node)
            root = root if as_written else vectorized(root)
            forward.roots[name] = root
            forward.leaves[name] = graph.leaf(name, root.value)
    return forward


def _plain(point: Point, name: str) -> Array:
    if name not in point.inputs:
        raise Unreadable(f"{name}: no value is given for it, and no function of the model computes it")
    return np.asarray(point.inputs[name])


def derive_at(model: Model, point: Point, loss: str, wanted: Mapping[str, str], sign: int = 1) -> dict[str, Gradient]:
    """The gradients by name, for `wanted`: the name of each gradient, and the quantity that it is the gradient by.

    `sign` is -1 for the gradients of minus the loss, such as a log-likelihood.
    """
    return derive_from(run(model, point, loss), wanted, sign)


def derive_from(forward: Forward, wanted: Mapping[str, str], sign: int = 1) -> dict[str, Gradient]:
    """The same from the model's functions as they were evaluated."""
    found = reuse(forward.graph, local_gradients(forward, wanted, sign))
    return {name: found[name] for name in wanted if name in found}


def local_gradients(forward: Forward, wanted: Mapping[str, str], sign: int = 1) -> list[Gradient]:
    """Each wanted gradient, those nearer to the loss first; the loss's own gradient is `sign`."""
    graph, loss = forward.graph, forward.order[-1]
    names = {quantity: name for name, quantity in reversed(list(wanted.items()))}
    simplify = Simplifier(graph, forward.names())
    parts: dict[str, list[Node]] = {}
    found: dict[str, Gradient] = {}
    last_use: dict[str, int] = {}
    for moment, function in enumerate(reversed(forward.order)):
        result = forward.leaves[function]
        seeds = [total(graph, parts.get(function, []), result)]
        if function == loss:
            seeds = [graph.constant(sign * np.ones(result.shape))]
        elif function in names:
            found[function] = Gradient(names[function], result, seeds[0])
            seeds.insert(0, gradient_leaf(result, names[function], seeds[0].value))
        for quantity, part in _shortest(forward, simplify, function, seeds).items():
            parts.setdefault(quantity, []).append(part)
            last_use[quantity] = moment
    for quantity, name in names.items():
        leaf = forward.leaves.get(quantity)
        if quantity not in found and leaf is not None and leaf.value.dtype.kind == "f":
            found[quantity] = Gradient(name, leaf, total(graph, parts.get(quantity, []), leaf))
    nearest = sorted(found.values(), key=lambda each: (last_use.get(each.of, -1), each.formula.tree_size()))
    again = {name: found[of] for name, of in wanted.items() if of in found and name != names[of]}
    return nearest + [replace(gradient, name=name) for name, gradient in again.items()]


def _shortest(forward: Forward, simplify: Simplifier, function: str, seeds: list[Node]) -> dict[str, Node]:
    """What a function adds to the gradients by its parameters, by the seed that gives the shortest formula.

    The gradient by its result is a seed under its own name, and once more as the formula that it stands for.
    """
    ways = [_contributions(forward, simplify, function, seed) for seed in seeds]
    return {name: min((simplify(way[name]) for way in ways), key=Node.tree_size) for name in ways[0]}


def total(graph: Graph, parts: list[Node], quantity: Node) -> Node:
    """The contributions of all uses of a quantity, added up."""
    return plus(graph, [(Fraction(1), part) for part in parts], quantity.shape)


def _contributions(forward: Forward, simplify: Simplifier, function: str, seed: Node) -> dict[str, Node]:
    """What one function of the model adds to the gradients by its parameters."""
    leaves = {p: forward.leaves[p] for p in forward.parameters[function] if forward.leaves[p].value.dtype.kind == "f"}
    found = gradients(forward.roots[function], seed, leaves.values())
    for node, gradient in found.items():
        name = author_name(node, forward.lines, forward.helpers)
        if name:
            forward.graph.hints[simplify(node)] = name
            forward.graph.hints[simplify(gradient)] = f"d{name}"
    return {parameter: found[leaf] for parameter, leaf in leaves.items() if leaf in found}
