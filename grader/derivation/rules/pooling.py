"""Pooling written as loops over windows, as one operation on the whole array.

    out[i, j] = np.max(a[2*i:2*i+2, 2*j:2*j+2])   for all i, j      is      a.reshape(R, 2, S, 2).max(axis=(1, 3))

The formula of a gradient is then one for all sizes, and not one term for each window.
"""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import numpy as np
from msgspec import Struct

from grader.derivation.graph.indexing import Slice, is_basic
from grader.derivation.graph.nodes import Node

_REDUCTIONS = ("max", "min", "sum", "prod")
_WHOLE = Slice(None, None, None)
Position = tuple[int, ...]


class _Axis(Struct):
    """How one axis of the source is read: whole, at a counter of the loops, or in windows that such a counter moves.

    Attributes:
        counter: which of the loops counts it, or None.
        width: of the windows; 1 where a single entry is read.
    """

    length: int
    counter: int | None = None
    width: int = 0


def pooled(root: Node) -> Node:
    """The same expression; the pooling of an array, where it is one that loops have filled window by window."""
    parts = _parts(root)
    first = next(iter(parts.values()), None)
    if first is None or first.op not in _REDUCTIONS or first.get("keepdims") or first.args[0].op != "getitem":
        return root
    source, taken = first.args[0].args[0], first.get("axis")
    if not all(_reads_alike(part, first) for part in parts.values()):
        return root
    axes = _axes(source.shape, {position: part.args[0].get("index") for position, part in parts.items()})
    found = _reduced(source, axes, first, taken) if axes else None
    return found if found is not None and np.array_equal(found.value, root.value) else root


def _reads_alike(part: Node, first: Node) -> bool:
    """Whether two parts are the same reduction of what is read from the same array."""
    read = part.args[0] if part.op == first.op and part.params == first.params else None
    return read is not None and read.op == "getitem" and read.args == first.args[0].args and is_basic(read.get("index"))


def _parts(root: Node) -> dict[Position, Node]:
    """What stands at each position, where single positions along some axes have been filled, all of them once."""
    found: dict[tuple[Any, ...], Node] = {}
    node = root
    while node.op == "setitem" and len(node.args) == 2:
        found.setdefault(_filled_up(node.get("index"), len(root.shape)), node.args[1])
        node = node.args[0]
    first = next(iter(found), ())
    counted = [axis for axis, entry in enumerate(first) if isinstance(entry, int)]
    positions = {tuple(index[axis] for axis in counted): part for index, part in found.items()}
    others_whole = all(
        isinstance(entry, int) if axis in counted else entry == _WHOLE
        for index in found
        for axis, entry in enumerate(index)
    )
    complete = set(positions) == set(product(*(range(root.shape[axis]) for axis in counted)))
    return positions if counted and others_whole and complete else {}


def _filled_up(index: tuple[Any, ...], ndim: int) -> tuple[Any, ...]:
    """An index with an entry for each axis."""
    given = [entry for entry in index if entry is not Ellipsis]
    gap = [_WHOLE] * (ndim - len(given))
    place = index.index(Ellipsis) if Ellipsis in index else len(index)
    return (*index[:place], *gap, *index[place + 1 :])


def _axes(shape: tuple[int, ...], indices: dict[Position, tuple[Any, ...]]) -> list[_Axis]:
    """How each axis is read; [] where windows overlap, or do not lie one beside the other."""
    full = {position: _filled_up(index, len(shape)) for position, index in indices.items()}
    if any(len(index) != len(shape) or None in index for index in full.values()):
        return []
    found = []
    for axis, length in enumerate(shape):
        read = next(_ways({position: index[axis] for position, index in full.items()}, length), None)
        if read is None:
            return []
        found.append(read)
    return found


def _ways(entries: dict[Position, Any], length: int) -> Iterator[_Axis]:
    if all(entry in (_WHOLE, Slice(0, length, None)) for entry in entries.values()):
        yield _Axis(length)
    width = _width(entries.values())
    for counter in range(len(next(iter(entries)))):
        count = 1 + max(position[counter] for position in entries)
        expected = {
            position: position[counter] if not width else Slice(width * position[counter], width * (position[counter] + 1), None)
            for position in entries
        }
        if count * max(width, 1) <= length and entries == expected and (width or count == length):
            yield _Axis(length, counter, width)


def _width(entries: Iterable[Any]) -> int:
    """How long the first window is; 0 for single entries."""
    first = next(iter(entries))
    return first.stop - (first.start or 0) if isinstance(first, Slice) and first.stop else 0


def _reduced(source: Node, axes: list[_Axis], part: Node, taken: tuple[int, ...]) -> Node | None:
    """The reduction of all windows at once; None where the result's axes would be in another order."""
    graph, origin = source.graph, part.origin
    counts = {axis.counter: axis.length // (axis.width or 1) for axis in axes}
    kept = [_WHOLE if not axis.width else Slice(0, axis.width * counts[axis.counter], None) for axis in axes]
    if any(axis.width and axis.length % axis.width for axis in axes):
        source = graph.node("getitem", source, origin=origin, index=tuple(kept))
    shape: list[int] = []
    labels: list[int | None] = []  # of the axes that stay: the counter of each
    reduced: list[int] = []
    read = 0  # axes of one window so far
    for axis in axes:
        if axis.width:
            shape += [counts[axis.counter], axis.width]
            labels.append(axis.counter)
            if read not in taken:
                return None
            reduced.append(len(shape) - 1)
        else:
            shape.append(axis.length)
            if axis.counter is None and read in taken:
                reduced.append(len(shape) - 1)
            else:
                labels.append(axis.counter)
        read += axis.width > 0 or axis.counter is None
    counters = [label for label in labels if label is not None]
    if counters != sorted(counters) or len(set(counters)) < len(counters):
        return None
    whole = graph.node("reshape", source, origin=origin, shape=tuple(shape)) if tuple(shape) != source.shape else source
    return graph.node(part.op, whole, origin=origin, axis=tuple(reduced), keepdims=False)
