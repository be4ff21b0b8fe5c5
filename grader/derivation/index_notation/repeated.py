"""What a loop has written out, with an index again: terms that differ in numbers only, and arrays filled entry by entry.

    w[0] · x[i] + w[1] · x[i + 1] + w[2] · x[i + 2]     is     Σ_k w[k] · x[i + k]

The places of a few terms are compared; a number that grows with the position becomes a letter.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from grader.derivation.chain import parts_of
from grader.derivation.graph.indexing import Slice
from grader.derivation.graph.nodes import Node
from grader.derivation.index_notation.expressions import (
    Applied,
    Constant,
    Delta,
    Entry,
    Expression,
    Extreme,
    Letters,
    Namer,
    NotInIndices,
    Product,
    Sum,
    Total,
    fit,
    mapped,
    parts_of_expression,
    sum_over,
)
from grader.derivation.index_notation.kronecker import letters_in
from grader.derivation.index_notation.picked import in_slices
from grader.derivation.index_notation.places import Affine, fitted
from grader.derivation.simplify.algebra import Number
from grader.derivation.writing.filling import corners, slopes

Position = tuple[int, ...]
FEWEST = 3  # terms that are worth a sum


def flattened(terms: Iterable[tuple[Number, Node]], names: Mapping[Node, Node]) -> Iterator[tuple[Number, Node]]:
    """The terms of sums within sums, one after the other."""
    for c, node in terms:
        signs = {"add": (1, 1), "subtract": (1, -1)}.get(node.op) if node not in names else None
        if signs:
            yield from flattened([(c * sign, arg) for sign, arg in zip(signs, node.args, strict=True)], names)
        else:
            yield c, node


def runs(terms: Iterable[tuple[Number, Node]]) -> list[tuple[Number, list[Node]]]:
    """Terms that follow one another and are computed alike, together."""
    found: list[tuple[Number, list[Node]]] = []
    last = None
    for c, node in terms:
        kind = c, _skeleton(node)
        if kind == last:
            found[-1][1].append(node)
        else:
            found.append((c, [node]))
        last = kind
    return found


def _skeleton(node: Node) -> Any:
    """How a node is computed, whatever the numbers in its indices are."""
    return node.op, node.name, node.shape, tuple(map(_skeleton, node.args))


def repeated(alike: Sequence[Node], letters: Sequence[Letters], at: Any, namer: Namer) -> list[Expression]:
    """The entries of terms that are computed alike: one sum over them, where that is possible."""
    for lengths in _grids(len(alike)):
        try:
            counters = tuple(namer.letter(alike[0], length) for length in lengths)
            positions = list(product(*map(range, lengths)))
            body = _one(_entries(alike, letters[0], at, namer), _through(positions, counters))
            if letters_in(body).issuperset(counters):
                return [sum_over(tuple(zip(counters, lengths, strict=True)), body)]
        except NotInIndices:
            continue
    return [at(node, places) for node, places in zip(alike, letters, strict=True)]


def _grids(count: int) -> list[tuple[int, ...]]:
    """The loops, and loops within loops, that may have produced this many terms."""
    if count < FEWEST:
        return []
    return [(count,), *((outer, count // outer) for outer in range(2, count // 2 + 1) if count % outer == 0)]


def filled(node: Node, letters: Letters, at: Any, namer: Namer) -> Expression:
    """An array that loops have filled, entry by entry or row by row."""
    base, value = node.args[:2]
    if node.op == "setitem" and len(node.args) == 2 and not base.value.any():
        return in_slices(node, value, letters, at, namer)
    parts: dict[Position, Node] = {}
    axes: tuple[int, ...] = ()
    for part, place in parts_of(node, node):
        index = place.get("index")
        counted = [(axis, _position(each)) for axis, each in enumerate(index) if each != Slice(None, None, None)]
        axes = tuple(axis for axis, _ in counted)
        parts.setdefault(tuple(-1 if each is None else each for _, each in counted), part)
    lengths = [range(node.shape[axis]) for axis in axes]
    if not axes or set(parts) != set(product(*lengths)):
        raise NotInIndices("an array that is filled in part")
    chosen = corners(parts)
    first = parts[chosen[0]]
    rest = [letter for axis, letter in enumerate(letters) if axis not in axes]
    whole = letters if len(first.shape) == len(node.shape) else tuple(rest)
    places = tuple("" if len(whole) == len(letters) and k in axes else each for k, each in enumerate(whole))
    counters = tuple(letters[axis] for axis in axes)
    return _one(_entries([parts[each] for each in chosen], fit(first, places), at, namer), _through(chosen, counters))


def _position(entry: Any) -> int | None:
    """The number of a row, as an index or as a slice of one row."""
    if isinstance(entry, Slice):
        start = entry.start or 0
        return start if entry.stop == start + 1 and entry.step in (None, 1) else None
    return entry if isinstance(entry, int) else None


def _entries(nodes: Sequence[Node], letters: Letters, at: Any, namer: Namer) -> list[Expression]:
    """The entries of several nodes, with the same letters."""
    namers = [namer.copy() for _ in nodes]
    found = [at(node, letters, own) for node, own in zip(nodes, namers, strict=True)]
    for own in namers:
        namer.used |= own.used
    return found


def _through(positions: Sequence[Position], letters: Letters) -> Callable[[list[int]], Affine | None]:
    """Numbers that grow with the position, by the letters that count it."""

    def expressed(numbers: list[int]) -> Affine | None:
        found = slopes(positions, numbers)
        if found is None:
            return None
        return {letter: size for letter, size in zip(letters, found) if size and letter}, found[-1]

    return expressed


def _one(alike: Sequence[Expression], through: Callable[[list[int]], Affine | None]) -> Expression:
    """The expression that all are, their numbers by the letters that count them.

    Raises:
        NotInIndices: they differ in more than numbers that grow with their position.
    """
    first = alike[0]
    if all(each == first for each in alike):
        return first
    if len({_kind(each) for each in alike}) != 1:
        raise NotInIndices("terms that are not alike")
    if isinstance(first, Entry):
        texts = zip(*(each.letters for each in alike if isinstance(each, Entry)), strict=True)
        return Entry(first.node, tuple(_place(list(each), through) for each in texts))
    if isinstance(first, Delta):
        sides = zip(*((each.first, each.second) for each in alike if isinstance(each, Delta)), strict=True)
        return Delta(*(_place(list(side), through) for side in sides))
    parts = iter([_one(each, through) for each in zip(*map(parts_of_expression, alike), strict=True)])
    return mapped(first, lambda _: next(parts))


def _place(texts: list[str], through: Callable[[list[int]], Affine | None]) -> str:
    found = fitted(texts, through)
    if found is None:
        raise NotInIndices("places that do not grow with the position")
    return found


def _kind(expression: Expression) -> Any:
    """What expressions must agree in to differ in places only."""
    kind: Any = None
    if isinstance(expression, Sum | Extreme):
        kind = expression.letters
    elif isinstance(expression, Product):
        kind = tuple(exponent for _, exponent in expression.factors)
    elif isinstance(expression, Total):
        kind = tuple(c for c, _ in expression.terms)
    elif isinstance(expression, Constant):
        kind = expression.number
    elif not isinstance(expression, Delta):
        kind = expression.node.op if isinstance(expression, Applied) else expression.node
    return type(expression), kind
