"""From the recorded graph of a gradient to the formula that a person writes, from the leaves upwards.

Arithmetic becomes `plus` and `times`; scalars leave matrix products and sums; (A @ B)^T is B^T @ A^T; rows that sum to one, and sums
that vanish, are replaced by the number.  What is known of a value (one-hot rows, a centred column) is read from the value.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from grader.derivation.algebra import as_product, as_sum, bare, exact, number, plus, scaled, times, with_shape
from grader.derivation.indexing import Index, is_basic, join_index
from grader.derivation.nodes import Graph, Node

Args = tuple[Node, ...]
Rewrite = Callable[["Simplifier", Node, Args], Node]
REWRITES: dict[str, Rewrite] = {}


def rewrite(*ops: str) -> Callable[[Rewrite], Rewrite]:
    def register(definition: Rewrite) -> Rewrite:
        REWRITES.update(dict.fromkeys(ops, definition))
        return definition

    return register


class Simplifier:
    """Simplifies nodes of one graph; `names` are the nodes that have names of their own, such as the model's y_hat."""

    def __init__(self, graph: Graph, names: dict[Node, Node] | None = None) -> None:
        self.graph = graph
        self.known: dict[Node, Node] = dict(names or {})

    def __call__(self, node: Node) -> Node:
        for each in node.walk():
            if each not in self.known:
                self.known[each] = self.apply(each, tuple(self.known[arg] for arg in each.args))
        return self.known[node]

    def apply(self, node: Node, args: Args) -> Node:
        found = REWRITES.get(node.op)
        if found:
            return found(self, node, args)
        return self.graph.node(node.op, *args, origin=node.origin, **dict(node.params)) if args else node


@rewrite("constant")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    uniform = node.value.ndim and node.value.size and node.value.dtype.kind == "f" and np.ptp(node.value) == 0
    return number(self.graph, exact(node.value.flat[0]), node.shape) if uniform else node


@rewrite("add", "subtract", "negative", "plus")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    signs = {"add": (1, 1), "subtract": (1, -1), "negative": (-1,)}.get(node.op) or node.get("coefficients")
    return plus(self.graph, [(Fraction(sign), arg) for sign, arg in zip(signs, args, strict=True)], node.shape)


@rewrite("multiply", "divide", "sqrt", "times")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    one = Fraction(1)
    exponents = {"multiply": (one, one), "divide": (one, -one), "sqrt": (one / 2,)}.get(node.op) or node.get(
        "exponents"
    )
    scale = number(self.graph, node.get("coefficient", one))
    return times(self.graph, [(scale, one), *zip(args, exponents, strict=True)], node.shape)


@rewrite("power")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    exponent = bare(args[1])
    if exponent.is_number():
        return times(self.graph, [(args[0], exact(exponent.value))], node.shape)
    return self.graph.node("power", *args)


@rewrite("matmul", "outer")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    """Scalars come out of a product of matrices."""
    scales, rests = zip(*map(scaled, args), strict=True)
    product = self.graph.node(node.op, *rests)
    return times(self.graph, [(scale, 1) for scale in (*scales, product) if scale is not None], node.shape)


@rewrite("transpose")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    axes = node.get("axes")
    scale, inside = scaled(args[0])
    if scale:
        return times(self.graph, [(scale, 1), (self.transposed(inside, axes), 1)], node.shape)
    return self.transposed(inside, axes)


def _transposed(self: Simplifier, x: Node, axes: tuple[int, ...]) -> Node:
    if x.op == "transpose":
        inner = x.get("axes")
        axes, x = tuple(inner[axis] for axis in axes), x.args[0]
    if axes == tuple(range(len(axes))):
        return x
    if x.op == "broadcast_to" and not x.args[0].shape:
        return with_shape(x.args[0], tuple(x.shape[axis] for axis in axes))
    last = (*range(len(axes) - 2), len(axes) - 1, len(axes) - 2)
    if x.op == "matmul" and axes == last and all(len(arg.shape) == len(axes) for arg in x.args):
        return self.graph.node("matmul", *[self.transposed(arg, last) for arg in reversed(x.args)])
    return self.graph.node("transpose", x, axes=axes)


Simplifier.transposed = _transposed  # type: ignore[attr-defined]


@rewrite("broadcast_to")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    return with_shape(bare(args[0]) if np.ndim(bare(args[0]).value) == 0 else args[0], node.shape)


# Sums


@rewrite("sum")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    return summed(args[0], node.get("axis"), node.get("keepdims"), node.shape)


def summed(x: Node, axis: tuple[int, ...], keepdims: bool, shape: tuple[int, ...]) -> Node:
    """The sum over axes, with what does not vary along them taken out."""
    graph = x.graph
    if all(x.shape[each] == 1 for each in axis) and keepdims:
        return x
    known = _known_sum(x, axis, keepdims)
    if known is not None:
        return number(graph, known, shape)
    coefficient, factors = as_product(x)
    outside = {f: e for f, e in factors.items() if _constant_along(f, len(x.shape), axis, keepdims)}
    repeated = [] if len(outside) < len(factors) else [graph.size(x.shape[each]) for each in axis]
    if coefficient != 1 or outside or repeated:
        inside = [(f, e) for f, e in factors.items() if f not in outside]
        rest = [] if repeated else [(summed(times(graph, inside, x.shape), axis, keepdims, shape), Fraction(1))]
        sizes = [(size, Fraction(1)) for size in repeated]
        return times(graph, [(number(graph, coefficient), 1), *outside.items(), *sizes, *rest], shape)
    if x.op == "plus":
        return _sum_of_sums(x, axis, keepdims, shape)
    if x.op == "sum" and keepdims and x.get("keepdims"):
        return summed(x.args[0], tuple(sorted({*axis, *x.get("axis")})), keepdims, shape)
    return graph.node("sum", x, axis=axis, keepdims=keepdims)


def _sum_of_sums(x: Node, axis: tuple[int, ...], keepdims: bool, shape: tuple[int, ...]) -> Node:
    """Term by term where one of the sums is known, else as it is."""
    terms = [(c, with_shape(term, x.shape)) for c, term in as_sum(x)]
    parts = [(c, summed(term, axis, keepdims, shape)) for c, term in terms]
    if any(not any(each.op == "sum" for each in part.walk()) for _, part in parts):
        return plus(x.graph, parts, shape)
    return x.graph.node("sum", x, axis=axis, keepdims=keepdims)


def _constant_along(factor: Node, ndim: int, axis: tuple[int, ...], keepdims: bool) -> bool:
    missing = ndim - len(factor.shape)
    if keepdims:
        return all(each < missing or factor.shape[each - missing] == 1 for each in axis)
    return not factor.shape or all(each < missing for each in axis)


def _known_sum(x: Node, axis: tuple[int, ...], keepdims: bool) -> Fraction | None:
    """1 for one-hot rows and distributions, 0 for what is centred."""
    total = x.value.sum(axis=axis)
    if _is_distribution(x) and np.all(np.abs(total - 1) < 1e-12):
        return Fraction(1)
    if x.op == "plus" and _is_smooth(x) and np.all(np.abs(total) < 1e-13 * np.abs(x.value).sum(axis=axis)):
        return Fraction(0)
    return None


def _is_distribution(x: Node) -> bool:
    while x.op == "transpose":
        x = x.args[0]
    return x.op in ("leaf", "softmax") and bool(np.all(x.value >= 0)) and x.value.ndim > 0


def _is_smooth(x: Node) -> bool:
    """Whether a value can only vanish at a random point because it vanishes everywhere."""
    return all(node.value.dtype.kind == "f" or node.op == "size" for node in x.walk())


# Shapes, picking and placing


@rewrite("reshape")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    x = bare(args[0])
    if not x.shape or x.value.size == 1 and x.op != "leaf" and not node.shape:
        return with_shape(x, node.shape)
    scale, rest = scaled(args[0])
    while rest.op == "reshape":
        rest = rest.args[0]
    inside = rest if rest.shape == node.shape else self.graph.node("reshape", rest, shape=node.shape)
    return times(self.graph, [(scale, 1), (inside, 1)], node.shape) if scale else inside


@rewrite("getitem")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    """z[i] of what was placed at j: found, or looked for behind it."""
    x, index = args[0], node.get("index")
    while x.op in ("setitem", "scatter") and is_basic(index) and is_basic(x.get("index")):
        wanted, placed = _positions(x.shape, index), _positions(x.shape, x.get("index"))
        if wanted == placed and x.args[x.op == "setitem"].shape == node.shape:
            return x.args[x.op == "setitem"]
        if wanted & placed:
            break
        x = x.args[0] if x.op == "setitem" else number(self.graph, 0, x.shape)
    if x.op == "broadcast_to" and not x.args[0].shape:
        return with_shape(x.args[0], node.shape)
    coefficient, rest = scaled(x)
    picked = self.graph.node("getitem", rest, *args[1:], index=index)
    return times(self.graph, [(coefficient, 1), (picked, 1)], node.shape) if coefficient else picked


@rewrite("scatter")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    coefficient, rest = scaled(args[0])
    placed = self.graph.node("scatter", rest, *args[1:], **dict(node.params))
    return times(self.graph, [(coefficient, 1), (placed, 1)], node.shape) if coefficient else placed


def _positions(shape: tuple[int, ...], index: Index) -> set[int]:
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    return set(np.ravel(numbers[join_index(index, ())]).tolist())
