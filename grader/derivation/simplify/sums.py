"""Sums over axes: what does not vary along them comes out, rows that sum to one are one, and sums that vanish are zero."""

from fractions import Fraction

import numpy as np

from grader.derivation.graph.nodes import Node
from grader.derivation.simplify.algebra import as_product, as_sum, bare, number, plus, scaled, times, with_shape


def summed(x: Node, axis: tuple[int, ...], keepdims: bool, shape: tuple[int, ...]) -> Node:
    """The sum over axes, with what does not vary along them taken out."""
    graph = x.graph
    if all(x.shape[each] == 1 for each in axis) and keepdims:
        return x
    known = _known_sum(x, axis, keepdims)
    if known is not None:
        return number(graph, known, shape)
    coefficient, factors = as_product(x)
    outside = {f: e for f, e in factors.items() if constant_along(f, len(x.shape), axis, keepdims)}
    repeated = [] if len(outside) < len(factors) else [graph.size(x.shape[each]) for each in axis]
    if coefficient != 1 or outside or repeated:
        inside = [(f, e) for f, e in factors.items() if f not in outside]
        rest = [] if repeated else [(summed(times(graph, inside, x.shape), axis, keepdims, shape), Fraction(1))]
        sizes = [(size, Fraction(1)) for size in repeated]
        return times(graph, [(number(graph, coefficient), 1), *outside.items(), *sizes, *rest], shape)
    return _sum_of_one(x, axis, keepdims, shape)


def _sum_of_one(x: Node, axis: tuple[int, ...], keepdims: bool, shape: tuple[int, ...]) -> Node:
    """The sum of what is no product: of placed values, of a sum of terms, of a sum over other axes."""
    if x.op == "scatter" and (len(axis) == len(x.shape) or _one_per_row(x, axis)):
        value = x.args[0]
        every = tuple(range(len(value.shape))) if len(axis) == len(x.shape) else ()
        total = summed(value, every, False, ()) if every else value
        return total if total.shape == shape else reshaped(total, shape)
    if x.op == "plus":
        return _sum_of_sums(x, axis, keepdims, shape)
    if x.op == "sum" and keepdims and x.get("keepdims"):
        return summed(x.args[0], tuple(sorted({*axis, *x.get("axis")})), keepdims, shape)
    if x.op == "sum" and not x.get("keepdims"):
        left = [each for each in range(len(x.args[0].shape)) if each not in x.get("axis")]
        every = tuple(sorted({*x.get("axis"), *(left[each] for each in axis)}))
        lost = tuple(n for each, n in enumerate(x.args[0].shape) if each not in every)
        return reshaped(summed(x.args[0], every, False, lost), shape)
    return x.graph.node("sum", x, axis=axis, keepdims=keepdims)


def _one_per_row(x: Node, axis: tuple[int, ...]) -> bool:
    """Whether one entry of each row has been placed, as in z[np.arange(N), y] += ..., and rows are summed."""
    rows = x.args[1] if len(x.args) == 3 and len(x.get("index")) == 2 else None
    return axis == (1,) and rows is not None and np.array_equal(rows.value, np.arange(x.shape[0]))


def _sum_of_sums(x: Node, axis: tuple[int, ...], keepdims: bool, shape: tuple[int, ...]) -> Node:
    """Term by term where one of the sums is known, else as it is."""
    terms = [(c, with_shape(term, x.shape)) for c, term in as_sum(x)]
    parts = [(c, summed(term, axis, keepdims, shape)) for c, term in terms]
    if any(not any(each.op == "sum" for each in part.walk()) for _, part in parts):
        return plus(x.graph, parts, shape)
    return x.graph.node("sum", x, axis=axis, keepdims=keepdims)


def constant_along(factor: Node, ndim: int, axis: tuple[int, ...], keepdims: bool) -> bool:
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
    return x.op in ("leaf", "softmax") and not x.is_discrete and bool(np.all(x.value >= 0)) and x.value.ndim > 0


def _is_smooth(x: Node) -> bool:
    """Whether a value can only vanish at a random point because it vanishes everywhere."""
    return all((node.value.dtype.kind == "f" and not node.is_discrete) or node.op == "size" for node in x.walk())


def reshaped(node: Node, shape: tuple[int, ...]) -> Node:
    if not bare(node).shape:
        return with_shape(bare(node), shape)
    scale, rest = scaled(node)
    while rest.op == "reshape":
        rest = rest.args[0]
    inside = (
        rest if rest.shape == shape else _without_axes(rest, shape) or node.graph.node("reshape", rest, shape=shape)
    )
    return times(node.graph, [(scale, 1), (inside, 1)], shape) if scale else inside


def _without_axes(x: Node, shape: tuple[int, ...]) -> Node | None:
    """A value with axes of size one left out: a sum is taken without `keepdims`, a product factor by factor."""
    dropped = _dropped(x.shape, shape)
    if not dropped:
        return None
    if x.op == "sum" and x.get("keepdims") and set(dropped) == set(x.get("axis")):
        return x.graph.node("sum", x.args[0], axis=x.get("axis"), keepdims=False)
    if x.op == "times" and all(len(factor.shape) == len(x.shape) for factor in x.args):
        kept = [[n for k, n in enumerate(factor.shape) if k not in dropped] for factor in x.args]
        factors = [reshaped(factor, tuple(lengths)) for factor, lengths in zip(x.args, kept, strict=True)]
        pairs = zip(factors, x.get("exponents"), strict=True)
        return times(x.graph, [(number(x.graph, x.get("coefficient")), 1), *pairs], shape)
    return None


def _dropped(before: tuple[int, ...], after: tuple[int, ...]) -> list[int]:
    """Which axes of size one are missing afterwards; none if the shapes differ in another way."""
    dropped = [k for k, n in enumerate(before) if n == 1]
    return dropped if tuple(n for n in before if n != 1) == after else []
