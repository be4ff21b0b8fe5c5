"""One entry of a formula, in index notation: (A @ B)[i, j] as Σ_k A[i, k] · B[k, j].

An entry is built from the same nodes as the formula, printed, and evaluated number by number, so that what is printed
can be checked against the array that it claims to be an entry of.  An axis of size one is not written.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from grader.derivation.graph.indexing import Slice, Slot
from grader.derivation.graph.nodes import Node
from grader.derivation.index_notation.expressions import (
    COMPARISONS,
    ELEMENTWISE,
    SEVERAL,
    Applied,
    Constant,
    Delta,
    Entry,
    Expression,
    Letters,
    Namer,
    NotInIndices,
    Product,
    Sum,
    Total,
)
from grader.derivation.simplify.algebra import Number, exact


def entry(node: Node, letters: Letters, namer: Namer, names: Mapping[Node, Node] | None = None) -> Expression:
    """The entry of a formula at the given letters; `names` are the nodes with a name of their own."""
    if names and node in names:
        return Entry(names[node], letters)
    if node.op == "setitem":
        raise NotInIndices("a value that is overwritten at some places")
    make = _BUILDERS.get(node.op)
    built = make(node, letters, lambda inner, places: entry(inner, places, namer, names), namer) if make else None
    if built is None and names and node.args and any(each in names for each in node.walk()):
        raise NotInIndices(node.op)
    return built or Entry(node, letters)


# How each operation treats letters.  `at` builds the entry of an argument.


def _aligned(arg: Node, node: Node, letters: Letters) -> Letters:
    """The letters of an argument that is repeated along the axes that it lacks."""
    last = letters[len(letters) - len(arg.shape) :]
    return tuple(letter if size > 1 else "" for letter, size in zip(last, arg.shape, strict=True))


def _sum_of(signs: tuple[int, ...]) -> Any:
    def build(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression:
        numbers = node.get("coefficients") or [Fraction(sign) for sign in signs]
        terms: list[tuple[Number, Expression]] = []
        for c, arg in zip(numbers, node.args, strict=True):
            inner = at(arg, _aligned(arg, node, letters))
            terms += [(c * d, term) for d, term in inner.terms] if isinstance(inner, Total) else [_signed(c, inner)]
        return Total(tuple(terms))

    return build


def _signed(coefficient: Number, term: Expression) -> tuple[Number, Expression]:
    """A term and its coefficient, the minus sign of a product on the outside."""
    first = term.factors[0][0] if isinstance(term, Product) and term.factors else None
    if isinstance(term, Product) and isinstance(first, Constant) and first.number < 0:
        return -coefficient, _without_minus([(Constant(-first.number), Fraction(1)), *term.factors[1:]])
    return coefficient, term


def _product_of(powers: tuple[Number, ...]) -> Any:
    def build(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression:
        exponents = node.get("exponents") or [Fraction(power) for power in powers]
        coefficient = node.get("coefficient", Fraction(1))
        factors: list[tuple[Expression, Number]] = [(Constant(coefficient), Fraction(1))] if coefficient != 1 else []
        for arg, exponent in zip(node.args, exponents, strict=True):
            inner = at(arg, _aligned(arg, node, letters))
            if isinstance(inner, Constant) and Fraction(exponent).denominator == 1 and inner.number != 0:
                inner, exponent = Constant(exact(float(inner.number) ** int(exponent))), Fraction(1)
            whole = isinstance(inner, Product) and (Fraction(exponent).denominator == 1 or len(inner.factors) == 1)
            factors += [(f, e * exponent) for f, e in inner.factors] if whole else [(inner, exponent)]
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
    kept = [(f, e) for f, e in factors if not (isinstance(f, Constant) and f.number == 1)]
    return kept[0][0] if len(kept) == 1 and kept[0][1] == 1 else Product(tuple(kept))


def _constant(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression | None:
    uniform = node.value.size and np.all(node.value == node.value.flat[0])
    return Constant(Fraction(node.value.flat[0].item()).limit_denominator(10**6)) if uniform else None


def _power(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression | None:
    base, exponent = node.args
    if exponent.value.ndim:
        return None
    return Product(
        ((at(base, _aligned(base, node, letters)), Fraction(exponent.value.item()).limit_denominator(1000)),)
    )


def _matmul(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression:
    left, right = node.args
    size = left.shape[-1]
    inner = namer.letter(node, size) if size > 1 else ""
    batch = letters[: max(len(left.shape), len(right.shape)) - 2] if max(len(left.shape), len(right.shape)) > 2 else ()
    rest = letters[len(batch) :]
    row = rest[:1] if len(left.shape) > 1 else ()
    column = rest[len(row) :] if len(right.shape) > 1 else ()
    of_left = (*batch[len(batch) - len(left.shape) + 2 :], *row, inner) if len(left.shape) > 1 else (inner,)
    of_right = (*batch[len(batch) - len(right.shape) + 2 :], inner, *column) if len(right.shape) > 1 else (inner,)
    body = Product(((at(left, _fit(left, of_left)), Fraction(1)), (at(right, _fit(right, of_right)), Fraction(1))))
    return Sum(((inner, size),), body) if inner else body


def _fit(node: Node, letters: Letters) -> Letters:
    return tuple(letter if size > 1 else "" for letter, size in zip(letters, node.shape, strict=True))


def _outer(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression:
    pairs = zip(node.args, letters, strict=True)
    return Product(tuple((at(arg, _fit(arg, (letter,))), Fraction(1)) for arg, letter in pairs))


def _transpose(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression:
    places = dict(zip(node.get("axes"), letters, strict=True))
    result: Expression = at(node.args[0], tuple(places[axis] for axis in range(len(letters))))
    return result


def _broadcast(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression:
    result: Expression = at(node.args[0], _aligned(node.args[0], node, letters))
    return result


def _reshape(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression | None:
    """Only axes of size one come and go: the letters stay."""
    x = node.args[0]
    if [size for size in x.shape if size > 1] != [size for size in node.shape if size > 1]:
        return None
    left = iter([letter for letter, size in zip(letters, node.shape, strict=True) if size > 1])
    result: Expression = at(x, tuple(next(left) if size > 1 else "" for size in x.shape))
    return result


def _reduction(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression:
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
    body: Expression = at(x, tuple(places))
    return Sum(tuple(summed), body) if summed else body


def _einsum(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression:
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


def _getitem(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression | None:
    """Entries picked by index arrays: z[words] at t is z at words[t], p[np.arange(N), y] at n is p at (n, y[n])."""
    x, arrays, index = node.args[0], node.args[1:], [entry for entry in node.get("index") if entry is not Ellipsis]
    axis = len(x.shape) - len(index) if Ellipsis in node.get("index") else 0
    slots = [entry for entry in index if isinstance(entry, Slot)]
    kept = index[: index.index(slots[0])] if slots else index
    if not slots or index != [*kept, *slots, *index[len(kept) + len(slots) :]]:
        return None
    if any(entry != Slice(None, None, None) for entry in index if entry not in slots):
        return None
    axis += len(kept)
    count = len(node.shape) - len(x.shape) + len(slots)
    places = [_picked(array, letters[axis : axis + count]) for array in arrays]
    if None in places:
        return None
    result: Expression = at(x, (*letters[:axis], *places, *letters[axis + count :]))
    return result


def _scatter(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression | None:
    """Values added up where they belong: the sum over t of value[t] · [words[t] = i]."""
    value, arrays = node.args[0], node.args[1:]
    index = [entry for entry in node.get("index") if entry is not Ellipsis]
    slots = [entry for entry in index if isinstance(entry, Slot)]
    axis = len(node.shape) - len(index) if Ellipsis in node.get("index") else 0
    axis += next((k for k, entry in enumerate(index) if entry in slots), 0)
    if not slots or any(entry != Slice(None, None, None) for entry in index if entry not in slots):
        return None
    if index[index.index(slots[0]) :][: len(slots)] != slots:
        return None
    own = letters[axis : axis + len(slots)]
    count = len(value.shape) - len(node.shape) + len(slots)
    inner, made = _inner_letters(value.shape[axis : axis + count], arrays, own, node, namer)
    places = [_picked(array, inner) for array in arrays]
    if None in places:
        return None
    brackets = [Delta(str(p), letter) for p, letter in zip(places, own, strict=True) if p != letter]
    body = at(value, _fit(value, (*letters[:axis], *inner, *letters[axis + len(slots) :])))
    product = Product(tuple((factor, Fraction(1)) for factor in (body, *brackets)))
    return Sum(made, product) if made else product


def _inner_letters(
    lengths: tuple[int, ...], arrays: tuple[Node, ...], own: Letters, node: Node, namer: Namer
) -> tuple[Letters, tuple[tuple[str, int], ...]]:
    """Letters for the places of the index arrays: the row's own letter where one of them counts the rows, else new ones."""
    for array, letter in zip(arrays, own, strict=True):
        if len(lengths) == 1 and len(array.shape) == 1 and np.array_equal(array.value, np.arange(lengths[0])):
            return (letter,), ()
    made = tuple((namer.letter(node, n), n) if n > 1 else ("", n) for n in lengths)
    return tuple(letter for letter, _ in made), tuple(pair for pair in made if pair[0])


def _picked(array: Node, letters: Letters) -> str | None:
    """What an index array is at the given letters: words[t], or t itself where it counts the rows."""
    if len(array.shape) == 1 and np.array_equal(array.value, np.arange(len(array.value))):
        return letters[0]
    leaf, inside = index_leaf(array), [letter for letter in letters if letter]
    if leaf is None or len(inside) != len([size for size in leaf.shape if size > 1]):
        return None
    return f"{leaf.name}[{', '.join(inside)}]" if inside else leaf.name


def index_leaf(node: Node) -> Node | None:
    """The quantity that an index array is, also within a list: [x]."""
    leaves = [each for each in node.walk() if each.op == "leaf"]
    plain = all(each.op in ("leaf", "reshape", "concatenate", "broadcast_to") for each in node.walk())
    return leaves[0] if plain and len(leaves) == 1 else None


def _logsumexp(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression:
    """Written out: log Σ exp(z)."""
    graph = node.graph
    total = graph.node("sum", graph.node("exp", *node.args), axis=node.get("axis"), keepdims=node.get("keepdims"))
    result: Expression = at(graph.node("log", total), letters)
    return result


def _elementwise(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression:
    return Applied(node, tuple(at(arg, _aligned(arg, node, letters)) for arg in node.args))


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
    "einsum": _einsum,
    "getitem": _getitem,
    "scatter": _scatter,
    "logsumexp": _logsumexp,
} | dict.fromkeys([*ELEMENTWISE, *SEVERAL, *COMPARISONS], _elementwise)
