"""From the recorded graph of a gradient to the formula that a person writes, from the leaves upwards.

Arithmetic becomes `plus` and `times`; scalars leave matrix products and sums; (A @ B)^T is B^T @ A^T; rows that sum
to one, and sums that vanish, are replaced by the number.  What is known of a value (one-hot rows, a centred column) is
read from the value.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import numpy as np

from grader.derivation.graph.indexing import Index, is_basic, join_index
from grader.derivation.graph.nodes import Graph, Node
from grader.derivation.simplify.algebra import as_sum, bare, exact, number, plus, scaled, times, with_shape
from grader.derivation.simplify.sums import constant_along, reshaped, summed

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
        order = list(node.walk())
        within = _within_sums(order)
        for each in order:
            if each not in self.known and each not in within:
                self.known[each] = self.apply(each, tuple(self.known.get(arg, arg) for arg in each.args))
        return self.known[node]

    def apply(self, node: Node, args: Args) -> Node:
        found = REWRITES.get(node.op)
        if found:
            return found(self, node, args)
        return self.graph.node(node.op, *args, origin=node.origin, **dict(node.params)) if args else node


def _within_sums(order: list[Node]) -> set[Node]:
    """Sums that stand in one other sum only: they are added up with it, not before."""
    users: dict[Node, list[Node]] = {}
    for node in order:
        for arg in node.args:
            users.setdefault(arg, []).append(node)
    return {node for node in order if node.op == "add" and [user.op for user in users.get(node, [])] == ["add"]}


@rewrite("constant")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    uniform = node.value.ndim and node.value.size and node.value.dtype.kind == "f" and np.ptp(node.value) == 0
    return number(self.graph, exact(node.value.flat[0]), node.shape) if uniform else node


@rewrite("add", "subtract", "negative", "plus")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    signs = {"add": (1, 1), "subtract": (1, -1), "negative": (-1,)}.get(node.op) or node.get("coefficients")
    terms = [(Fraction(sign), arg) for sign, arg in zip(signs, args, strict=True)]
    while pending := [position for position, (_, arg) in enumerate(terms) if arg.op == "add"]:
        sign, inner = terms.pop(pending[-1])
        terms[pending[-1] : pending[-1]] = [(sign, self.known.get(arg, arg)) for arg in inner.args]
    return plus(self.graph, terms, node.shape)


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
        return times(self.graph, [(scale, 1), (transposed(inside, axes), 1)], node.shape)
    return transposed(inside, axes)


def transposed(x: Node, axes: tuple[int, ...]) -> Node:
    if x.op == "transpose":
        inner = x.get("axes")
        axes, x = tuple(inner[axis] for axis in axes), x.args[0]
    if axes == tuple(range(len(axes))):
        return x
    if x.op == "broadcast_to" and not x.args[0].shape:
        return with_shape(x.args[0], tuple(x.shape[axis] for axis in axes))
    last = (*range(len(axes) - 2), len(axes) - 1, len(axes) - 2)
    if x.op == "matmul" and axes == last and all(len(arg.shape) == len(axes) for arg in x.args):
        return x.graph.node("matmul", *[transposed(arg, last) for arg in reversed(x.args)])
    return x.graph.node("transpose", x, axes=axes)


@rewrite("broadcast_to")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    return with_shape(bare(args[0]) if np.ndim(bare(args[0]).value) == 0 else args[0], node.shape)


# Sums


@rewrite("sum")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    return summed(args[0], node.get("axis"), node.get("keepdims"), node.shape)


@rewrite("softmax")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    """softmax(a - max(a)) is softmax(a): what is the same for all entries cancels."""
    x, axis = args[0], node.get("axis")
    kept = [(c, term) for c, term in as_sum(x) if not constant_along(term, len(x.shape), axis, True)]
    inside = plus(self.graph, kept, x.shape) if kept else x
    return self.graph.node("softmax", inside, axis=axis)


@rewrite("logsumexp")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    """log Σ exp(a - c) is log Σ exp(a) - c."""
    x, axis, keepdims = args[0], node.get("axis"), node.get("keepdims")
    outside = [(c, term) for c, term in as_sum(x) if constant_along(term, len(x.shape), axis, keepdims)]
    inside = [pair for pair in as_sum(x) if pair not in outside]
    if not outside or not inside:
        return self.graph.node("logsumexp", x, axis=axis, keepdims=keepdims)
    rest = self.graph.node("logsumexp", plus(self.graph, inside, x.shape), axis=axis, keepdims=keepdims)
    return plus(self.graph, [*outside, (Fraction(1), rest)], node.shape)


@rewrite("einsum")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    """Scalars come out; a product without a sum is an ordinary one."""
    inputs, _, out = node.get("subscripts").partition("->")
    terms = inputs.split(",")
    in_order = all([letter for letter in out if letter in term] == list(term) for term in terms)
    if in_order and set("".join(terms)) == set(out):
        placed = [_spread(arg, term, out) for arg, term in zip(args, terms, strict=True)]
        return times(self.graph, [(arg, Fraction(1)) for arg in placed], node.shape)
    scales, rests = zip(*map(scaled, args), strict=True)
    product = self.graph.node("einsum", *rests, subscripts=node.get("subscripts"))
    return times(self.graph, [(scale, 1) for scale in (*scales, product) if scale is not None], node.shape)


def _spread(x: Node, term: str, out: str) -> Node:
    """An operand with an axis of size one for each letter that it lacks."""
    lengths = dict(zip(term, x.shape, strict=True))
    return reshaped(x, tuple(lengths.get(letter, 1) for letter in out.lstrip("".join(set(out) - set(term)))))


# Shapes, picking and placing


@rewrite("reshape")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    return reshaped(args[0], node.shape)


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
    if x.op == "plus" and any(not term.shape for term in x.args):
        picks = [self.graph.node("getitem", term, *args[1:], index=index) if term.shape else term for term in x.args]
        return plus(self.graph, zip(x.get("coefficients"), picks, strict=True), node.shape)
    coefficient, rest = scaled(x)
    picked = self.graph.node("getitem", rest, *args[1:], index=index)
    return times(self.graph, [(coefficient, 1), (picked, 1)], node.shape) if coefficient else picked


@rewrite("where")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    """What a value is multiplied by comes out where the other value is zero."""
    condition, x, y = args[0], *(bare(arg) if not bare(arg).shape else arg for arg in args[1:])
    for value, other in ((x, y), (y, x)):
        scale, rest = scaled(value)
        if not value.shape and not value.is_number():
            scale, rest = value, number(self.graph, Fraction(1))
        if scale and other.is_number() and other.value == 0:
            chosen = (rest, other) if value is x else (other, rest)
            picked = self.graph.node("where", condition, *chosen)
            return times(self.graph, [(scale, 1), (picked, 1)], node.shape)
    return with_shape(self.graph.node("where", condition, x, y), node.shape)


@rewrite("setitem")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    base, value, *arrays = args
    if not arrays and _is_there(node.args[0], node.args[1], node.get("index")):
        return base
    before, more = _placed_terms(base), _added_to(self, node, value)
    if before is not None and more is not None:
        placed = self.graph.node("scatter", more, index=node.get("index"), shape=node.shape)
        return plus(self.graph, [*before, (Fraction(1), placed)], node.shape)
    scale, rest = scaled(base)
    if not bare(base).shape:
        scale, rest = bare(base), number(self.graph, Fraction(1), base.shape)
    if not scale or not (value.is_number() and value.value == 0):
        return self.graph.node("setitem", *args, **dict(node.params))
    zeroed = self.graph.node("setitem", rest, value, *arrays, **dict(node.params))
    return times(self.graph, [(scale, 1), (zeroed, 1)], node.shape)


def _is_there(base: Node, value: Node, index: Index) -> bool:
    """Whether `base[index] = value` changes nothing: `base[index] += ...` assigns twice, the view and the array."""
    return base.op == "setitem" and base.args[1:] == (value,) and base.get("index") == index


def _added_to(self: Simplifier, node: Node, value: Node) -> Node | None:
    """What `base[index] += ...` adds; None for another assignment.  `value` is the sum, simplified."""
    base, total = node.args[:2]
    own = total.args[0] if total.op == "add" and len(node.args) == 2 else total
    if own.op != "getitem" or own.args != (base,) or own.get("index") != node.get("index"):
        return None
    terms, known = as_sum(value), self.known.get(own)
    kept = [pair for pair in terms if pair != (1, known)]
    return plus(self.graph, kept, value.shape) if kept and len(kept) == len(terms) - 1 else None


def _placed_terms(base: Node) -> list[tuple[Fraction, Node]] | None:
    """An array that was zeros, and to which values were added in some places, as a sum; None if it is another one."""
    if base.op == "setitem" and len(base.args) == 2 and bare(base.args[0]).is_number() and not base.args[0].value.any():
        return [(Fraction(1), base.graph.node("scatter", base.args[1], index=base.get("index"), shape=base.shape))]
    terms = [(Fraction(c), term) for c, term in as_sum(base)]
    return terms if all(term.op == "scatter" and len(term.args) == 1 for _, term in terms) else None


@rewrite("scatter")
def _(self: Simplifier, node: Node, args: Args) -> Node:
    scale, rest = scaled(args[0])
    if not bare(args[0]).shape and all(each.op != "leaf" for each in args[0].walk()):
        scale, rest = bare(args[0]), number(self.graph, Fraction(1), args[0].shape)
    placed = self.graph.node("scatter", rest, *args[1:], **dict(node.params))
    return times(self.graph, [(scale, 1), (placed, 1)], node.shape) if scale else placed


@lru_cache(maxsize=4096)
def _positions(shape: tuple[int, ...], index: Index) -> frozenset[int]:
    """Which entries an index picks, numbered."""
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    return frozenset(np.ravel(numbers[join_index(index, ())]).tolist())
