"""Sums and products as people shorten them: equal terms add up, equal factors cancel, common factors come out.

Two operations stand for all arithmetic in a simplified formula:

    plus(a, b, ...; coefficients)            Σ coefficient · term
    times(a, b, ...; coefficient, exponents) coefficient · Π factor ** exponent      entry by entry

Numbers are exact where they can be, so that 0.5 · 2 is 1 and is left out.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from grader.derivation.graph.nodes import Array, Graph, Node
from grader.derivation.graph.recorder import RULES, Rule

Number = Fraction | float
Term = tuple[Number, Node]
Factors = dict[Node, Number]


def _plus(*values: Array, coefficients: tuple[Number, ...]) -> Any:
    return sum(float(c) * value for c, value in zip(coefficients, values, strict=True))


def _times(*values: Array, coefficient: Number, exponents: tuple[Number, ...]) -> Any:
    powers = (value if e == 1 else value ** float(e) for value, e in zip(values, exponents, strict=True))
    return prod(powers, start=np.float64(coefficient))


RULES["plus"] = Rule(None, _plus)
RULES["mean"] = Rule(None, np.mean)  # how a sum over a size is written, not a rule of its own
RULES["times"] = Rule(None, _times)


def exact(value: Any) -> Number:
    """A number as a fraction where its decimal form is short, 0.1 as 1/10."""
    number = float(value)
    if not np.isfinite(number):
        return number
    fraction = Fraction(number).limit_denominator(100_000)
    return fraction if float(fraction) == number else number


def shape_of(nodes: Iterable[Node]) -> tuple[int, ...]:
    return np.broadcast_shapes(*[node.shape for node in nodes])


def number(graph: Graph, value: Number, shape: tuple[int, ...] = ()) -> Node:
    return with_shape(graph.constant(float(value)), shape)


def with_shape(node: Node, shape: tuple[int, ...]) -> Node:
    return node if node.shape == shape else node.graph.node("broadcast_to", node, shape=shape)


def bare(node: Node) -> Node:
    """A repeated value without the repetition, which a product or a sum does by itself."""
    while node.op == "broadcast_to":
        node = node.args[0]
    return node


def as_product(node: Node) -> tuple[Number, Factors]:
    """A node as coefficient and factors."""
    node = bare(node)
    if node.op == "times":
        return node.get("coefficient"), dict(zip(node.args, node.get("exponents"), strict=True))
    if node.op == "constant" and node.value.size and np.all(node.value == node.value.flat[0]):
        return exact(node.value.flat[0]), {}
    return Fraction(1), {node: Fraction(1)}


def as_sum(node: Node) -> list[Term]:
    """A node as terms; a multiple of a sum is multiplied out."""
    coefficient, factors = as_product(node)
    if list(factors.values()) == [1] and next(iter(factors)).op == "plus":
        inner = next(iter(factors))
        return [(coefficient * c, term) for c, term in zip(inner.get("coefficients"), inner.args, strict=True)]
    return [(coefficient, _build(node.graph, Fraction(1), factors))]


def scaled(node: Node) -> tuple[Node | None, Node]:
    """A node as (scalar, rest): numbers, sizes and other scalars apart from what has axes."""
    coefficient, factors = as_product(node)
    scalars = {factor: e for factor, e in factors.items() if not factor.shape}
    if (coefficient == 1 and not scalars) or len(scalars) == len(factors):
        return None, node
    rest = {factor: e for factor, e in factors.items() if factor.shape}
    graph = node.graph
    return _build(graph, coefficient, scalars), with_shape(_build(graph, Fraction(1), rest), node.shape)


def times(graph: Graph, factors: Iterable[tuple[Node, Number]], shape: tuple[int, ...]) -> Node:
    """The product of powers, of the given shape."""
    coefficient: Number = Fraction(1)
    powers: Factors = {}
    for factor, exponent in factors:
        scale, parts = as_product(factor)
        if not _raises_into(scale, parts, exponent):
            scale, parts = Fraction(1), {bare(factor): Fraction(1)}
        coefficient *= _power(scale, exponent)
        for part, inner in parts.items():
            powers[part] = powers.get(part, Fraction(0)) + inner * exponent
    powers = {factor: e for factor, e in powers.items() if e != 0}
    if coefficient == 0:
        return number(graph, 0, shape)
    shorter = _multiplied_out(graph, coefficient, powers) or _picked(graph, coefficient, powers)
    return with_shape(shorter or _build(graph, coefficient, powers), shape)


def _raises_into(scale: Number, parts: Factors, exponent: Number) -> bool:
    """Whether (c · a^p · b^q)^e is c^e · a^(pe) · b^(qe) for all signs of a and b."""
    if Fraction(exponent).denominator == 1:
        return True
    return (scale == 1 and len(parts) == 1 and Fraction(next(iter(parts.values()))).denominator != 1) or not parts


def _power(base: Number, exponent: Number) -> Number:
    if Fraction(exponent).denominator == 1 and isinstance(base, Fraction):
        return base ** int(exponent) if base or exponent > 0 else float("nan")
    return exact(float(base) ** float(exponent))


def _multiplied_out(graph: Graph, coefficient: Number, powers: Factors) -> Node | None:
    """A bracket multiplied out where that removes a division: t · (a / t + b) is a + t · b."""
    for bracket, exponent in powers.items():
        if bracket.op != "plus" or exponent != 1:
            continue
        outside = {factor: e for factor, e in powers.items() if factor is not bracket}
        divisors = {divisor for term in bracket.args for divisor in _divisors(term)}
        if any(factor in divisors and e > 0 for factor, e in outside.items()):
            common = _build(graph, coefficient, outside)
            shape = shape_of(powers)
            return plus(
                graph, [(c, times(graph, [(common, 1), (term, 1)], shape)) for c, term in as_sum(bracket)], shape
            )
    return None


def _divisors(term: Node) -> Iterable[Node]:
    """What a term is divided by; for a value placed at i, p where p[i] divides it."""
    for factor, exponent in as_product(term)[1].items():
        if exponent < 0:
            yield factor
        elif factor.op == "scatter":
            yield from (each.args[0] for each in _divisors(factor.args[0]) if each.op == "getitem")


def _picked(graph: Graph, coefficient: Number, powers: Factors) -> Node | None:
    """p times what was placed at an index, where the place then cancels: p · place(1 / p[i], i) is place(1, i)."""
    for placed, exponent in powers.items():
        if placed.op != "scatter" or exponent != 1:
            continue
        outside = {f: e for f, e in powers.items() if f is not placed and f.shape == placed.shape}
        index = placed.get("index")
        picked = [(graph.node("getitem", f, *placed.args[1:], index=index), e) for f, e in outside.items()]
        divisors = as_product(placed.args[0])[1]
        if any(divisors.get(part, 0) * e < 0 for part, e in picked):
            inside = times(graph, [(placed.args[0], 1), *picked], placed.args[0].shape)
            again = graph.node("scatter", inside, *placed.args[1:], **dict(placed.params))
            rest = [(f, e) for f, e in powers.items() if f is not placed and f not in outside]
            return times(graph, [(number(graph, coefficient), 1), (again, 1), *rest], shape_of(powers))
    return None


def _build(graph: Graph, coefficient: Number, powers: Factors) -> Node:
    if not powers:
        return graph.constant(float(coefficient))
    if coefficient == 1 and list(powers.values()) == [1]:
        return next(iter(powers))
    ordered = sorted(powers, key=lambda factor: factor.index)
    exponents = tuple(powers[factor] for factor in ordered)
    return graph.node("times", *ordered, coefficient=coefficient, exponents=exponents)


def plus(graph: Graph, terms: Iterable[Term], shape: tuple[int, ...]) -> Node:
    """The sum of multiples, of the given shape."""
    collected: dict[Node, Number] = {}
    for coefficient, term in terms:
        for inner, part in as_sum(term):
            collected[part] = collected.get(part, Fraction(0)) + coefficient * inner
    collected = _cancelled(graph, collected)
    kept = [(c, part) for part, c in collected.items() if c != 0 and not (part.is_number() and part.value == 0)]
    if not kept:
        return number(graph, 0, shape)
    if len(kept) == 1:
        return times(graph, [(number(graph, kept[0][0]), 1), (kept[0][1], 1)], shape)
    return with_shape(_factored(graph, kept), shape)


def _cancelled(graph: Graph, terms: dict[Node, Number]) -> dict[Node, Number]:
    """Brackets multiplied out where terms then cancel: y · (1 - p) - (1 - y) · p is y - p."""
    expanded: dict[Node, Number] = {}
    count = 0
    for part, coefficient in terms.items():
        for inner, product in _distributed(graph, part):
            expanded[product] = expanded.get(product, Fraction(0)) + coefficient * inner
            count += 1
    left = {part: c for part, c in expanded.items() if c != 0}
    return left if len(terms) > 1 and len(left) < count and len(left) <= len(terms) else terms


def _distributed(graph: Graph, part: Node) -> list[Term]:
    scale, powers = as_product(part)
    bracket = next((f for f, e in powers.items() if f.op == "plus" and e == 1), None)
    if bracket is None or part.op != "times":
        return [(Fraction(1), part)]
    outside = {f: e for f, e in powers.items() if f is not bracket}
    result: list[Term] = []
    for c, term in zip(bracket.get("coefficients"), bracket.args, strict=True):
        factor, inside = as_product(term)
        merged = dict(outside)
        for f, e in inside.items():
            merged[f] = merged.get(f, Fraction(0)) + e
        result.append((scale * c * factor, _build(graph, Fraction(1), {f: e for f, e in merged.items() if e != 0})))
    return result


def _factored(graph: Graph, terms: list[Term]) -> Node:
    """The sum with what all terms share taken out; the first term of the sum that remains is positive."""
    products = [as_product(part)[1] for _, part in terms]
    shared = {f: e for f, e in products[0].items() if all(f in other for other in products)}
    shared = {f: min((other[f] for other in products), key=size_of) for f in shared if _one_sign(f, products)}
    rests = [_build(graph, Fraction(1), _without(factors, shared)) for factors in products]
    pairs = sorted(zip([c for c, _ in terms], rests, strict=True), key=lambda pair: pair[1].index)
    scale: Number = size_of(pairs[0][0]) if len({size_of(c) for c, _ in pairs}) == 1 else Fraction(1)
    if _leading(pairs) < 0:
        scale = -scale
    if any(rest.op == "plus" for _, rest in pairs):
        rest = plus(graph, [(c / scale, part) for c, part in pairs], shape_of(part for _, part in pairs))
    else:
        rest = graph.node("plus", *[part for _, part in pairs], coefficients=tuple(c / scale for c, _ in pairs))
    return times(graph, [(number(graph, scale), 1), (rest, 1), *shared.items()], shape_of([rest, *shared]))


def size_of(value: Number) -> Number:
    """The absolute value."""
    return value if value >= 0 else -value


def _leading(pairs: list[Term]) -> Number:
    """The coefficient whose sign is the sign of the sum: a size's, a number's, a prediction's (X @ w - y), or the first."""
    sizes = [c for c, part in pairs if part.op == "size"]
    numbers = [c for c, part in pairs if part.is_number()]
    products = [c for c, part in pairs if part.op == "matmul"]
    return next(iter([*sizes, *numbers, *products]), pairs[0][0])


def _one_sign(factor: Node, products: list[Factors]) -> bool:
    return len({factors[factor] > 0 for factors in products}) == 1


def _without(factors: Factors, shared: Factors) -> Factors:
    left = {factor: e - shared.get(factor, 0) for factor, e in factors.items()}
    return {factor: e for factor, e in left.items() if e != 0}
