"""One entry of a formula, in index notation: (A @ B)[i, j] as Σ_k A[i, k] · B[k, j].

An entry is built from the same nodes as the formula, printed, and evaluated number by number, so that what is printed
can be checked against the array that it claims to be an entry of.  An axis of size one is not written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from grader.derivation.graph.nodes import Node
from grader.derivation.index_notation.expressions import (
    COMPARISONS,
    ELEMENTWISE,
    SEVERAL,
    Applied,
    Constant,
    Entry,
    Expression,
    Extreme,
    Letters,
    Namer,
    NotInIndices,
    Product,
    Sum,
    Total,
    aligned,
    fit,
    sum_over,
)
from grader.derivation.index_notation.picked import picked, placed
from grader.derivation.index_notation.places import joined
from grader.derivation.index_notation.repeated import filled, flattened, repeated, runs
from grader.derivation.simplify.algebra import Number, exact


def entry(node: Node, letters: Letters, namer: Namer, names: Mapping[Node, Node] | None = None) -> Expression:
    """The entry of a formula at the given letters; `names` are the nodes with a name of their own."""
    if names and node in names:
        return Entry(names[node], letters)
    make = _BUILDERS.get(node.op)
    built = make(node, letters, At(namer, names or {}), namer) if make else None
    known = bool(names) and bool(node.args) and any(each in names for each in node.walk())  # type: ignore[operator]
    if built is None and (known or node.op in ("setitem", "scatter", "concatenate")):
        raise NotInIndices(node.op)
    return built or Entry(node, letters)


@dataclass(frozen=True)
class At:
    """The entries of an operation's arguments."""

    namer: Namer
    names: Mapping[Node, Node]

    def __call__(self, node: Node, places: Letters, namer: Namer | None = None) -> Expression:
        return entry(node, places, namer or self.namer, self.names)


# How each operation treats letters.  `at` builds the entry of an argument.


def _sum_of(signs: tuple[int, ...]) -> Any:
    def build(node: Node, letters: Letters, at: At, namer: Namer) -> Expression:
        numbers = node.get("coefficients") or [Fraction(sign) for sign in signs]
        terms: list[tuple[Number, Expression]] = []
        for c, alike in runs(flattened(zip(numbers, node.args, strict=True), at.names)):
            inner = repeated(alike, [aligned(arg, node, letters) for arg in alike], at, namer)
            for each in inner:
                terms += [(c * d, term) for d, term in each.terms] if isinstance(each, Total) else [_signed(c, each)]
        kept = [(c, term) for c, term in terms if term != Constant(Fraction(0))]
        return kept[0][1] if len(kept) == 1 and kept[0][0] == 1 else Total(tuple(kept))

    return build


def _signed(coefficient: Number, term: Expression) -> tuple[Number, Expression]:
    """A term and its coefficient, the minus sign of a product on the outside."""
    first = term.factors[0][0] if isinstance(term, Product) and term.factors else None
    if isinstance(term, Product) and isinstance(first, Constant) and first.number < 0:
        return -coefficient, _without_minus([(Constant(-first.number), Fraction(1)), *term.factors[1:]])
    return coefficient, term


def _product_of(powers: tuple[Number, ...]) -> Any:
    def build(node: Node, letters: Letters, at: At, namer: Namer) -> Expression:
        exponents = node.get("exponents") or [Fraction(power) for power in powers]
        coefficient = node.get("coefficient", Fraction(1))
        factors: list[tuple[Expression, Number]] = [(Constant(coefficient), Fraction(1))] if coefficient != 1 else []
        for arg, exponent in zip(node.args, exponents, strict=True):
            inner = at(arg, aligned(arg, node, letters))
            if isinstance(inner, Constant) and Fraction(exponent).denominator == 1 and inner.number != 0:
                inner, exponent = Constant(exact(float(inner.number) ** int(exponent))), Fraction(1)
            if isinstance(inner, Product) and (Fraction(exponent).denominator == 1 or len(inner.factors) == 1):
                factors += [(f, e * exponent) for f, e in inner.factors]
            else:
                factors.append((inner, exponent))
        return _without_minus(factors)

    return build


def _without_minus(factors: list[tuple[Expression, Number]]) -> Expression:
    """A product; a minus sign goes into a bracket: -(y - p) is p - y."""
    brackets = [k for k, (f, e) in enumerate(factors) if isinstance(f, Total) and e == 1]
    first = factors[0][0] if factors else None
    if isinstance(first, Constant) and first.number < 0 and brackets:
        bracket = factors[brackets[0]][0]
        if isinstance(bracket, Total) and not any(isinstance(term, Constant) for _, term in bracket.terms):
            factors[brackets[0]] = (Total(tuple((-c, term) for c, term in bracket.terms)), Fraction(1))
            factors[0] = (Constant(-first.number), Fraction(1))
    powers: dict[Expression, Number] = {}
    for f, e in factors:
        powers[f] = powers.get(f, Fraction(0)) + e
    kept = [(f, e) for f, e in powers.items() if f != Constant(Fraction(1)) and e != 0]
    return kept[0][0] if len(kept) == 1 and kept[0][1] == 1 else Product(tuple(kept))


def _constant(node: Node, letters: Letters, at: At, namer: Namer) -> Expression | None:
    uniform = node.value.size and np.all(node.value == node.value.flat[0])
    return Constant(exact(node.value.flat[0])) if uniform else None


def _power(node: Node, letters: Letters, at: At, namer: Namer) -> Expression | None:
    base, exponent = node.args
    if exponent.value.ndim:
        return None
    return Product(((at(base, aligned(base, node, letters)), Fraction(exponent.value.item()).limit_denominator(1000)),))


def _matmul(node: Node, letters: Letters, at: At, namer: Namer) -> Expression:
    left, right = node.args
    size = left.shape[-1]
    inner = namer.letter(node, size) if size > 1 else ""
    batch = letters[: max(len(left.shape), len(right.shape)) - 2] if max(len(left.shape), len(right.shape)) > 2 else ()
    rest = letters[len(batch) :]
    row = rest[:1] if len(left.shape) > 1 else ()
    column = rest[len(row) :] if len(right.shape) > 1 else ()
    of_left = (*batch[len(batch) - len(left.shape) + 2 :], *row, inner) if len(left.shape) > 1 else (inner,)
    of_right = (*batch[len(batch) - len(right.shape) + 2 :], inner, *column) if len(right.shape) > 1 else (inner,)
    body = Product(((at(left, fit(left, of_left)), Fraction(1)), (at(right, fit(right, of_right)), Fraction(1))))
    return sum_over(((inner, size),), body) if inner else body


def _outer(node: Node, letters: Letters, at: At, namer: Namer) -> Expression:
    pairs = zip(node.args, letters, strict=True)
    return Product(tuple((at(arg, fit(arg, (letter,))), Fraction(1)) for arg, letter in pairs))


def _transpose(node: Node, letters: Letters, at: At, namer: Namer) -> Expression:
    places = dict(zip(node.get("axes"), letters, strict=True))
    return at(node.args[0], tuple(places[axis] for axis in range(len(letters))))


def _broadcast(node: Node, letters: Letters, at: At, namer: Namer) -> Expression:
    return at(node.args[0], aligned(node.args[0], node, letters))


def _reshape(node: Node, letters: Letters, at: At, namer: Namer) -> Expression | None:
    """Axes of size one come and go, and an axis may be cut into pieces: the entry k of piece i is the entry i·size + k."""
    left = [(letter, size) for letter, size in zip(letters, node.shape, strict=True) if size > 1]
    places = []
    for size in node.args[0].shape:
        place, covered = "", 1
        while covered < size and left:
            letter, length = left.pop(0)
            place, covered = joined(place, letter, length), covered * length
        if covered != size:
            return None
        places.append(place)
    return at(node.args[0], tuple(places))


def _reduction(node: Node, letters: Letters, at: At, namer: Namer) -> Expression:
    x, axis = node.args[0], node.get("axis")
    given = iter(letters)
    places: list[str] = []
    summed: list[tuple[str, int]] = []
    for each, size in enumerate(x.shape):
        if each in axis:
            places.append(namer.letter(node, size) if size > 1 else "")
            summed += [(places[-1], size)] if size > 1 else []
            if node.get("keepdims"):
                next(given)
        else:
            places.append(next(given))
    body = at(x, tuple(places))
    return sum_over(tuple(summed), body) if summed else body


def _extreme(node: Node, letters: Letters, at: At, namer: Namer) -> Expression:
    found = _reduction(node, letters, at, namer)
    return Extreme(node, found.letters, found.body) if isinstance(found, Sum) else found


def _einsum(node: Node, letters: Letters, at: At, namer: Namer) -> Expression:
    inputs, _, out = node.get("subscripts").partition("->")
    terms = inputs.split(",")
    sizes = {letter: size for term, arg in zip(terms, node.args, strict=True) for letter, size in zip(term, arg.shape)}
    names = dict(zip(out, letters, strict=True))
    inner = {letter: namer.letter(node, size) for letter, size in sizes.items() if letter not in names and size > 1}
    names |= inner
    pairs = zip(terms, node.args, strict=True)
    factors = [(at(arg, tuple(names.get(letter, "") for letter in term)), Fraction(1)) for term, arg in pairs]
    summed = tuple((inner[letter], sizes[letter]) for letter in inner)
    return Sum(summed, Product(tuple(factors))) if summed else Product(tuple(factors))


def _logsumexp(node: Node, letters: Letters, at: At, namer: Namer) -> Expression:
    """Written out: log Σ exp(z)."""
    graph = node.graph
    total = graph.node("sum", graph.node("exp", *node.args), axis=node.get("axis"), keepdims=node.get("keepdims"))
    return at(graph.node("log", total), letters)


def _elementwise(node: Node, letters: Letters, at: At, namer: Namer) -> Expression:
    return Applied(node, tuple(at(arg, aligned(arg, node, letters)) for arg in node.args))


_BUILDERS: dict[str, Any] = {
    "add": _sum_of((1, 1)),
    "subtract": _sum_of((1, -1)),
    "negative": _sum_of((-1,)),
    "plus": _sum_of(()),
    "multiply": _product_of((1, 1)),
    "divide": _product_of((1, -1)),
    "times": _product_of(()),
    "power": _power,
    "sqrt": _product_of((Fraction(1, 2),)),
    "constant": _constant,
    "matmul": _matmul,
    "outer": _outer,
    "transpose": _transpose,
    "broadcast_to": _broadcast,
    "reshape": _reshape,
    "sum": _reduction,
    "max": _extreme,
    "min": _extreme,
    "einsum": _einsum,
    "getitem": picked,
    "scatter": placed,
    "setitem": filled,
    "concatenate": filled,
    "logsumexp": _logsumexp,
} | dict.fromkeys([*ELEMENTWISE, *SEVERAL, *COMPARISONS], _elementwise)
