"""Expressions that a student may have added, multiplied in or returned instead; none of them is a gradient's own formula.

Their keys are not kept.  Those of all products, sums and quotients of two quantities follow from projections of the quantities by
a few matrix products, the first time that numbers of their size are looked up.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import product

import numpy as np
from msgspec import Struct

from grader.diagnosis.formulas.expression import Node, add, mul, neg, one_minus, q
from grader.diagnosis.formulas.world import World
from grader.diagnosis.tables.projections import (
    KEYED,
    ZERO,
    Index,
    Sizes,
    Sought,
    angles_of,
    directions,
    exact_keys,
    projections,
)
from grader.diagnosis.tables.stacks import stacked
from grader.problem.model import Array

PLAIN, SECOND, QUOTIENT, CHAIN = 0.5, 1.5, 1.8, 2.2
MOST_COMPARED = 60  # formulas with the right keys
REMEMBERED = 64  # sizes

Shapes = Sequence[tuple[int, ...]]
Pair = Callable[[Node, Node], Node]
Operation = Callable[[Array, Array, Array], Array | None]


class _Class(Struct):
    """Formulas of one shape: their values at each sample point, (N, *shape)."""

    numbers: Array
    nodes: list[Node]
    values: list[Array]


class _Block(Struct):
    """Formulas a and b put together: the keys of the pairs (N, KEYED), and which they are (N, 2)."""

    angles: Array
    pairs: Array
    a: list[Node]
    b: list[Node]
    pair: Pair
    cost: float


class _Keys(Struct):
    """The keys of all pairs of some sizes."""

    angles: Array
    starts: Array
    blocks: list[_Block]

    def near(self, sought: Sought) -> Iterator[tuple[Node, float]]:
        for row in np.flatnonzero(sought.near(self.angles)).tolist():
            which = int(np.searchsorted(self.starts, row, side="right")) - 1
            block = self.blocks[which]
            i, j = block.pairs[row - self.starts[which]]
            yield block.pair(block.a[i], block.b[j]), block.cost


class Candidates:
    """For one assignment."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._keys = lru_cache(maxsize=REMEMBERED)(self._keys_of)

    def near(self, values: Sequence[Array], tolerance: float, most: int) -> list[tuple[Node, float]]:
        """The cheapest candidates with the keys of these values, each value once; and their costs."""
        sought = Sought(values[: len(self.world.evaluator.points)], tolerance)
        index = self._singles.get(sought.sizes)
        found = [self._first[i] for i in sorted(index.near(sought))] if index is not None else []
        found += self._keys(sought.sizes).near(sought)
        found.sort(key=lambda candidate: candidate[1])
        return self._distinct(found[:MOST_COMPARED])[:most]

    def _distinct(self, found: list[tuple[Node, float]]) -> list[tuple[Node, float]]:
        kept: dict[bytes, tuple[Node, float]] = {}
        for stack in stacked([node for node, _ in found], self.world.evaluator):
            for number, key in zip(stack.numbers.tolist(), exact_keys(projections(stack.values)), strict=True):
                kept.setdefault(repr(stack.shapes).encode() + key, found[number])
        return sorted(kept.values(), key=lambda candidate: candidate[1])

    @cached_property
    def _first(self) -> list[tuple[Node, float]]:
        return list(_first(self.world))

    @cached_property
    def _singles(self) -> dict[Sizes, Index]:
        """Single candidates by size and key."""
        found: dict[Sizes, list[tuple[Array, Array]]] = {}
        for stack in stacked([node for node, _ in self._first], self.world.evaluator):
            sizes = tuple(value.shape[1] for value in stack.values)
            found.setdefault(sizes, []).append((stack.numbers, angles_of(projections(stack.values), sizes)))
        return {
            sizes: Index(np.concatenate([numbers for numbers, _ in some]), np.concatenate([keys for _, keys in some]))
            for sizes, some in found.items()
        }

    @cached_property
    def _plain(self) -> list[_Class]:
        return self._classes([node for node, cost in self._first if cost <= PLAIN])

    def _classes(self, nodes: list[Node]) -> list[_Class]:
        return [
            _Class(
                stack.numbers,
                [nodes[i] for i in stack.numbers],
                [value.reshape(-1, *shape) for value, shape in zip(stack.values, stack.shapes, strict=True)],
            )
            for stack in stacked(nodes, self.world.evaluator)
        ]

    def _keys_of(self, sizes: Sizes) -> _Keys:
        blocks = list(self._blocks(sizes))
        angles = np.concatenate([np.zeros((0, KEYED), dtype=np.float32), *(block.angles for block in blocks)])
        return _Keys(angles, np.cumsum([0, *(len(block.angles) for block in blocks)])[:-1], blocks)

    def _blocks(self, sizes: Sizes) -> Iterator[_Block]:
        """All pairs of these sizes."""
        for a, b in product(self._plain, self._plain):
            for operation, pair, cost, ordered in _OPERATIONS:
                found = _projected(operation, a, b, sizes)
                if found is not None:
                    if not ordered:  # a b and b a are the same
                        found[a.numbers[:, None] < b.numbers[None, :]] = np.nan
                    yield _block(found, a, b, sizes, pair, cost)
        for (a, b), pair in product(product(self._rows_by_matrix, self._matrices), (_by, _by_transposed)):
            found = _projected(_mm if pair is _by else _mm_right, a, b, sizes)
            if found is not None:
                yield _block(found, a, b, sizes, pair, CHAIN)

    @cached_property
    def _matrices(self) -> list[_Class]:
        return self._classes([q(name) for name in self.world.matrices])

    @cached_property
    def _rows_by_matrix(self) -> list[_Class]:
        """Rows times a matrix."""
        rows: list[Node] = [q(name) for name in self.world.rows]
        rows += [("g", name) for name in self.world.assignment.names if self.world.gradient_shape(name)[:1] == (1,)]
        matrices: list[Node] = [q(name) for name in self.world.matrices]
        matrices += [("T", matrix) for matrix in matrices]
        return self._classes([("mm", row, matrix) for row, matrix in product(rows, matrices)])


def _first(world: World) -> Iterator[tuple[Node, float]]:
    """Each single candidate with its cost."""
    for name in world.shapes:
        yield q(name), 0.0
    for name in world.assignment.names:
        yield ("g", name), 0.1
    for application in world.applications:
        yield ("d", application.quantity, world.assignment.config.loss), 0.3
        yield application.derivative, 0.4
        yield application.argument, 0.5
    for name in [*world.rows, *world.matrices]:
        node = q(name)
        yield one_minus(node), 0.6
        yield mul(node, node), 0.7
        yield mul(node, one_minus(node)), 0.7
        yield ("div", ("ones", node), node), 0.9
        yield ("T", node), 0.6
        yield ("abs", node), 1.0
        yield ("ones", node), 1.0
        yield ("total", node), 1.0
        yield ("sum", node, 0), 1.0
        yield ("T", ("sum", node, 1)), 1.0
        yield ("mean", node, 0), 1.1
        yield ("diagonal", node), 1.0
        for function in world.functions.names:
            yield ("fn", function, node), 1.0
            if world.functions.entrywise[function]:
                yield ("derivative", function, node), 1.1
    for index in world.indices:
        for name in world.one_hots:
            yield ("hot-like", q(index), q(name)), 0.8


def _block(found: Array, a: _Class, b: _Class, sizes: Sizes, pair: Pair, cost: float) -> _Block:
    """The pairs that can be evaluated, and are not zero, from their projections (Na, Nb, K, 2)."""
    pairs = np.argwhere(np.max(np.abs(found), axis=(2, 3)) > ZERO)
    return _Block(angles_of(found[pairs[:, 0], pairs[:, 1]], sizes), pairs, a.nodes, b.nodes, pair, cost)


def _projected(operation: Operation, a: _Class, b: _Class, sizes: Sizes) -> Array | None:
    """The projections (Na, Nb, K, 2) of the results of an operation; None where it has no result of these sizes."""
    found = []
    with np.errstate(all="ignore"):
        for left, right, size in zip(a.values, b.values, sizes, strict=True):
            projected = operation(left, right, directions(size))
            if projected is None:
                return None
            found.append(projected)
    return np.stack([np.moveaxis(one, 0, -1) for one in found], axis=2)


def _broadcast(a: Array, b: Array, r: Array) -> tuple[int, ...] | None:
    try:
        shape = np.broadcast_shapes(a.shape[1:], b.shape[1:])
    except ValueError:
        return None
    return shape if int(np.prod(shape)) == r.shape[1] else None


def _gathered(rows: Array, shape: tuple[int, ...]) -> Array:
    """(2, N, *larger) summed to (2, N, entries of `shape`): over the axes along which this shape was repeated."""
    extra = rows.ndim - 2 - len(shape)
    rows = rows.sum(axis=tuple(range(2, 2 + extra))) if extra else rows
    repeated = tuple(k + 2 for k, size in enumerate(shape) if size == 1 and rows.shape[k + 2] != 1)
    rows = rows.sum(axis=repeated, keepdims=True) if repeated else rows
    return np.asarray(rows.reshape(*rows.shape[:2], int(np.prod(shape))))


def _times(a: Array, b: Array, r: Array) -> Array | None:
    """r . (a b) = (r a) . b, entry by entry: (2, Na, Nb)."""
    shape = _broadcast(a, b, r)
    if shape is None:
        return None
    full = a.reshape(len(a), *(1,) * (len(shape) + 1 - a.ndim), *a.shape[1:])
    rows = r.reshape(2, 1, *shape) * full[None]
    return np.asarray(_gathered(rows, b.shape[1:]) @ b.reshape(len(b), -1).T)


def _plus(a: Array, b: Array, r: Array, sign: float = 1.0) -> Array | None:
    """r . (a + b) = r . a + r . b."""
    shape = _broadcast(a, b, r)
    if shape is None:
        return None
    left, right = (_gathered(r.reshape(2, 1, *shape), x.shape[1:]) @ x.reshape(len(x), -1).T for x in (a, b))
    return np.asarray(left.transpose(0, 2, 1) + sign * right)


def _mm(a: Array, b: Array, r: Array) -> Array | None:
    """r . (a b) = (r b^T) . a, for the matrix product; an array with one axis is a row on the left, a column on the right."""
    a = a[:, None, :] if a.ndim == 2 else a
    b = b[:, :, None] if b.ndim == 2 else b
    if a.ndim != 3 or b.ndim != 3 or a.shape[2] != b.shape[1] or a.shape[1] * b.shape[2] != r.shape[1]:
        return None
    rows = r.reshape(2, 1, a.shape[1], b.shape[2]) @ b.transpose(0, 2, 1)[None]
    return np.asarray((rows.reshape(2, len(b), -1) @ a.reshape(len(a), -1).T).transpose(0, 2, 1))


def _turned(a: Array) -> Array:
    return np.asarray(a.transpose(0, *range(a.ndim - 1, 0, -1)))


def _mm_left(a: Array, b: Array, r: Array) -> Array | None:
    return _mm(_turned(a), b, r)


def _mm_right(a: Array, b: Array, r: Array) -> Array | None:
    return _mm(a, _turned(b), r)


def _by(a: Node, b: Node) -> Node:
    return ("mm", a, b)


def _by_transposed(a: Node, b: Node) -> Node:
    return ("mm", a, ("T", b))


# What is done with two formulas, the formula of that, its cost, and whether their order matters.
_OPERATIONS: tuple[tuple[Operation, Pair, float, bool], ...] = (
    (_times, mul, SECOND, False),
    (_plus, add, SECOND, False),
    (lambda a, b, r: _plus(a, b, r, -1.0), lambda a, b: add(a, neg(b)), SECOND, False),
    (_mm_left, lambda a, b: ("mm", ("T", a), b), SECOND, True),
    (_mm_right, _by_transposed, SECOND, True),
    (_mm, _by, SECOND, True),
    (lambda a, b, r: _times(a, 1 / b, r), lambda a, b: ("div", a, b), QUOTIENT, True),
)
