"""How people order and shorten what they write: factors, terms, signs and numbers."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import islice

import numpy as np

from grader.derivation.graph.indexing import Slice
from grader.derivation.graph.nodes import Node
from grader.derivation.simplify.algebra import Number, as_product, exact, times

MOST_LEAVES = 12


def place(term: Node, falling: bool) -> int:
    """`1 - h`, but `var + EPS`: a number comes first where something is taken from it, else last."""
    return (0 if falling and term.is_number() else 2) if not term.shape and term.op != "times" else 1


def leaves_in(node: Node) -> tuple[int, ...]:
    """The quantities of a formula from left to right, as the model orders them; a gradient stands for its quantity."""
    return tuple(islice(_leaves_in(node), MOST_LEAVES))


def _leaves_in(node: Node) -> Iterator[int]:
    """One after the other: what a loop has written out would have far too many of them."""
    if node.op in ("leaf", "gradient"):
        yield node.get("rank", node.index)
        return
    args = [arg for arg, _ in in_order(powers_of(node))] if node.op == "times" else node.args
    for arg in args[:1] if node.op == "getitem" else args:
        yield from _leaves_in(arg)
    if node.op == "getitem":
        yield from (place_of(entry) for entry in node.get("index"))


def with_factors_inside(node: Node) -> Node:
    """A number times what is placed somewhere, as the product placed there: `g[0:5] += w[0] * dout`."""
    coefficient, factors = as_product(node)
    placed = [factor for factor in factors if factor.op == "scatter" and len(factor.args) == 1]
    others = [(factor, e) for factor, e in factors.items() if factor not in placed]
    if node.op != "times" or len(placed) != 1 or factors[placed[0]] != 1 or any(factor.shape for factor, _ in others):
        return node
    graph, whole = node.graph, placed[0]
    value = times(graph, [(graph.constant(float(coefficient)), 1), *others, (whole.args[0], 1)], whole.args[0].shape)
    return graph.node("scatter", value, **dict(whole.params))


def place_of(entry: object) -> int:
    """Where an entry of an index begins."""
    start = entry.start if isinstance(entry, Slice) else entry
    return start if isinstance(start, int) else 0


def powers_of(node: Node) -> list[tuple[Node, Number]]:
    return list(zip(node.args, node.get("exponents"), strict=True))


def in_order(powers: list[tuple[Node, Number]]) -> list[tuple[Node, Number]]:
    """Factors as people write them: scalars, the gradient from above, then the model's order."""

    def rank(pair: tuple[Node, Number]) -> tuple[int, int]:
        factor = pair[0]
        if not factor.shape:
            return 0, factor.index
        others = {other for other, _ in powers if other is not factor}
        mentions = any(other in others for other in factor.walk())
        above = (factor.op == "matmul" or any(each.get("gradient") for each in factor.walk())) and not mentions
        return (1 if above else 2), factor.index

    return sorted(powers, key=rank)


def with_means(powers: list[tuple[Node, Number]]) -> list[tuple[Node, Number]]:
    """A sum over an axis, divided by the size of that axis, is a mean."""
    for factor, exponent in powers:
        if factor.op == "sum" and exponent == 1 and len(factor.get("axis")) == 1:
            size = factor.graph.size(factor.args[0].shape[factor.get("axis")[0]])
            if (size, -1) in powers:
                mean = factor.graph.node("mean", *factor.args, **dict(factor.params))
                return [(mean, exponent), *[pair for pair in powers if pair not in ((size, -1), (factor, exponent))]]
    return powers


def to_flip(coefficient: Number, powers: list[tuple[Node, Number]]) -> Node | None:
    """The bracket that takes a minus sign in: -(t - p) is p - t."""
    if coefficient >= 0:
        return None
    first = next((factor for factor, e in in_order(powers) if e > 0), None)
    for factor, exponent in powers:
        numbers = any(arg.is_number() for arg in factor.args) and not (factor is first and coefficient == -1)
        bracket = factor.op == "plus" and (exponent == -1 or (exponent == 1 and not numbers))
        if bracket and min(factor.get("coefficients")) < 0:
            return factor
    return None


def is_truth(node: Node) -> bool:
    """Whether a part is a comparison, or a product of some: numpy has no minus for these, and their sum is an `or`."""
    if node.op == "times":
        alone = all(is_truth(f) and e > 0 for f, e in powers_of(node))
        return bool(alone and abs(node.get("coefficient")) == 1)
    return bool(node.value.dtype.kind == "b")


def number_text(value: Number) -> str:
    """2, 0.5 or 1/3."""
    if math.isinf(value):
        return "np.inf" if value > 0 else "-np.inf"
    if isinstance(value, Fraction) and value.denominator == 1:
        return str(value.numerator)
    short = f"{float(value):.4g}"
    if Fraction(short) == value or not isinstance(value, Fraction):
        return short if isinstance(value, Fraction) else repr(float(value))
    return f"{value.numerator}/{value.denominator}"


def constant_text(node: Node, show: Callable[[Node], str]) -> str:
    """A number or an array of numbers as numpy's code for it; `show` writes a size."""
    value = node.value
    if value.ndim == 0:
        whole = value.item()
        return number_text(exact(whole)) if isinstance(whole, float) else str(whole)
    if value.size > 1 and value.size in value.shape and np.array_equal(value.ravel(), np.arange(value.size)):
        places = ", ".join(":" if n > 1 else "None" for n in value.shape)
        counted = f"np.arange({show(node.graph.size(value.size))})"
        return counted if value.ndim == 1 else f"{counted}[{places}]"
    length = show(node.graph.size(len(value)))
    if value.ndim == 2 and np.array_equal(value, np.eye(len(value))):
        return f"np.eye({length})"
    listed = " ".join(repr(value.tolist()).split())
    return listed if value.dtype.kind in "iu" else f"np.array({listed})"


def split_number(value: Number) -> tuple[str, str]:
    """A coefficient as what stands above and below the line: 1/6 as 1 and 6."""
    if isinstance(value, Fraction) and value.denominator != 1 and Fraction(f"{float(value):.4g}") != value:
        return str(value.numerator), str(value.denominator)
    return number_text(value), "1"


def first_place(placed: Node) -> tuple[int, ...]:
    """The first place of a placement, by which placements are sorted."""
    starts = [getattr(entry, "start", entry) or 0 for entry in placed.get("index")]
    if all(isinstance(start, int) for start in starts):
        return tuple(starts)
    return tuple(int(k) for k in np.argwhere(placed.value != 0)[0]) if placed.value.any() else ()


def assigned(name: str, lines: Sequence[str]) -> str:
    """`name = formula` after the statements that it needs, one a line, the signs of equality below one another.

    An array that is filled has the name of the result from the start, if it is the result.
    """
    *statements, result = lines
    array = re.fullmatch(r"g\d+", result)
    if array and name.isidentifier():
        return "\n".join(re.sub(rf"\b{result}\b", name, line) for line in statements)
    pairs = [line.partition(" = ") for line in [*statements, f"{name} = {result}"]]
    plain = all(sign and re.fullmatch(r"[\w ]+", left) for left, sign, _ in pairs)
    width = max(len(left) for left, _, _ in pairs) if plain else 0
    return "\n".join(f"{left:{width}}{sign}{right}" for left, sign, right in pairs)
