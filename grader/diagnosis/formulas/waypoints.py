"""Values that a right calculation may pass through, in whatever order it multiplies.

A gradient of a row is a product of matrices, an entry-by-entry factor r being the diagonal matrix of r:

    dJ/dx = r @ V^T @ diag(1 - a^2) @ W^T

Every stretch of the product is a waypoint, for whichever factors are multiplied first; so are the products that a matrix product
sums, and the same with one term in place of a sum.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from grader.diagnosis.formulas.expression import ONE, Evaluator, Node, Values, add, mul, neg
from grader.diagnosis.formulas.forms import local_forms
from grader.diagnosis.formulas.world import World
from grader.problem.model import Array

MOST_FACTORS = 10
MOST_TERMS = 6
MOST_DENOMINATORS = 4


def waypoints(world: World, name: str, evaluate: Evaluator) -> Iterator[Values]:
    """The values on the ways to the gradient `name`, at all sample points of `evaluate`."""
    forms = [form for form, _ in local_forms(world, name)]
    for node in dict.fromkeys(node for form in forms for node in _divided_later(form)):
        later = evaluate(node)
        if later is not None and any(value.size > 1 for value in later):
            yield later
    form = next(iter(forms), None)
    if form is None:
        return
    for chain in _chains(_factors(world, form)):
        values = [evaluate(factor) for factor in chain]
        if all(value is not None for value in values):
            yield from _stretches([value for value in values if value is not None])


def forward_points(world: World) -> Iterator[Node]:
    """The formulas of the values on the way from the inputs to each quantity."""
    for tree in world.model.values():
        for part in _parts(tree):
            yield part
            yield from partial_sums(part)
    for application in world.applications:
        for exponent in (application.argument, neg(application.argument)):
            exp = ("fn", "exp", exponent)
            yield from (exp, add(ONE, exp))


def partial_sums(node: Node) -> Iterator[Node]:
    """Some of the terms of a sum, as they are added up one after the other."""
    terms = node[1:] if node[0] == "add" and len(node) - 1 <= MOST_TERMS else ()
    for size in range(2, len(terms)):
        yield from (add(*some) for some in combinations(terms, size))


def partial_products(node: Node) -> Iterator[Node]:
    """Some of the factors of a product, in whatever order they are multiplied."""
    factors = node[1:] if node[0] == "mul" and len(node) - 1 <= MOST_TERMS else ()
    for size in range(2, len(factors)):
        yield from (mul(*some) for some in combinations(factors, size))


def multiplied_out(form: Node) -> Iterator[Node]:
    """The terms of a product with a sum in it, multiplied out: a/s and b/s of (a + b)/s."""
    terms = _terms(form)
    for minus, above, below in terms if len(terms) > 1 and form[0] != "add" else ():
        product = mul(*above) if len(above) > 1 else above[0] if above else ONE
        whole = ("div", product, mul(*below) if len(below) > 1 else below[0]) if below else product
        yield from (whole, neg(whole)) if minus else (whole,)


def _terms(node: Node) -> list[tuple[bool, tuple[Node, ...], tuple[Node, ...]]]:
    """The terms of a product, multiplied out: whether there is a minus before it, the factors above and below the line."""
    match node:  # type: ignore[exhaustive-match]
        case ("add", *parts):
            return [term for part in parts for term in _terms(part)][:MOST_TERMS]
        case ("neg", inner):
            return [(not minus, above, below) for minus, above, below in _terms(inner)]
        case ("div", over, under):
            return [(minus, above, (*below, *_below(under))) for minus, above, below in _terms(over)]
        case ("mul", *factors):
            found: list[tuple[bool, tuple[Node, ...], tuple[Node, ...]]] = [(False, (), ())]
            for factor in factors:
                more = _terms(factor)
                found = [(m != n, a + c, b + d) for m, a, b in found for n, c, d in more][:MOST_TERMS]
            return found
    return [(False, (node,), ())]


def _divided_later(form: Node) -> Iterator[Node]:
    """What is divided by, inverted; and the terms of a sum without some of it: it may be divided by in the end."""
    quotients = [part for part in _parts(form) if part[0] == "div"]
    below = list(dict.fromkeys(factor for part in quotients for factor in _below(part[2])))
    yield from (("div", ONE, factor) for factor in below)
    for term in form[1:] if form[0] == "add" and len(below) <= MOST_DENOMINATORS else ():
        bare = term[1] if term[0] == "neg" else term
        for size in range(1, len(below) + 1):
            for some in combinations(below, size):
                yield from (mul(bare, *some), neg(mul(bare, *some)))


def _below(node: Node) -> tuple[Node, ...]:
    return node[1:] if node[0] == "mul" else (node,)


def _parts(node: Node) -> Iterator[Node]:
    yield node
    for part in node:
        if isinstance(part, tuple):
            yield from _parts(part)


def _factors(world: World, form: Node) -> list[Node]:
    """The factors of a product, in order, the gradients that it builds on written out."""
    match form:
        case ("mm" | "mul", *operands):
            return [factor for operand in operands for factor in _factors(world, operand)]
        case ("neg", inner):
            return _factors(world, inner)
        case ("g", name) if world.local.get(name) is not None:
            return _factors(world, world.local[name])  # type: ignore[arg-type]
    return [form]


def _chains(factors: Sequence[Node]) -> Iterator[Sequence[Node]]:
    """The factors, and the same with one term of a sum in place of the sum."""
    if not 1 < len(factors) <= MOST_FACTORS:
        return
    yield factors
    for i, factor in enumerate(factors):
        for term in factor[1:] if factor[0] == "add" else ():
            yield [*factors[:i], term[1] if term[0] == "neg" else term, *factors[i + 1 :]]


def _stretches(factors: Sequence[Values]) -> Iterator[Values]:
    """Every product of neighbours, and what a matrix product sums."""
    matrices = _as_matrices(factors)
    if matrices is None:
        return
    count, made = len(factors), {}
    for i in range(count):
        made[i, i + 1] = [point[i] for point in matrices]
        for j in range(i + 1, count):
            made[i, j + 1] = [_times(a, point[j]) for a, point in zip(made[i, j], matrices, strict=True)]
    for (i, j), values in made.items():
        yield values
        if all(_is_diagonal(value) for value in values):
            yield [np.diag(value)[None, :] for value in values]
        for split in range(i + 1, j):
            left, right = made[i, split], made[split, j]
            if all(len(a) == 1 for a in left):
                yield [a.T * b for a, b in zip(left, right, strict=True)]


def _times(a: Array, b: Array) -> Array:
    """A matrix product; the diagonal matrices among the factors are large, and need no sums."""
    return a * np.diag(b) if _is_diagonal(b) else a @ b


def _as_matrices(factors: Sequence[Values]) -> list[list[Array]] | None:
    """At each sample point the factors as matrices that can be multiplied in order; None where they are no such chain."""
    points = []
    for arrays in zip(*factors, strict=True):
        chain: list[Array] = []
        for array in arrays:
            if array.ndim != 2:
                return None
            width = chain[-1].shape[1] if chain else array.shape[0]
            if chain and array.shape == (1, width) and width > 1:
                array = np.diagflat(array)
            elif array.shape[0] != width:
                return None
            chain.append(array)
        points.append(chain)
    return points


def _is_diagonal(value: Array) -> bool:
    n = len(value)
    if not n == value.shape[1] > 1:
        return False
    return not value.reshape(-1)[:-1].reshape(n - 1, n + 1)[:, 1:].any()  # each row now begins on the diagonal
