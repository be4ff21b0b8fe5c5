"""Where the parts of an array that loops fill are read from: how each axis of the source moves with the loops."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from grader.derivation.graph.indexing import Slice
from grader.derivation.graph.nodes import Node

_WHOLE = Slice(None, None, None)
Position = tuple[int, ...]
Entry = int | range
Parts = Mapping[Position, Node]


class Unlike(Exception):
    """The entries are not what one operation computes."""


class Axis(Struct):
    """How one axis of an array is read: `stride * i + offset`, or a window that begins there.

    Attributes:
        counter: which of the loops moves it, or None.
        count: how often that loop runs.
        width: of the window; the whole axis where nothing moves it; 0 where a single entry is read.
    """

    length: int
    counter: int | None = None
    count: int = 1
    stride: int = 1
    offset: int = 0
    width: int = 0

    def moved(self, start: int) -> Any:
        """The index of what is read at `start` of the window in all rounds of the loop."""
        first = self.offset + start
        if self.counter is None:
            return first
        stop = first + self.stride * (self.count - 1) + 1
        if (first, stop) == (0, self.length) and self.stride == 1:
            return slice(None)
        return slice(first, stop) if self.stride == 1 else slice(first, stop, self.stride)


def filled_up(index: tuple[Any, ...], shape: Sequence[int]) -> tuple[Entry, ...]:
    """An index with an entry for each axis."""
    if any(entry is not Ellipsis and not isinstance(entry, int | Slice) for entry in index):
        raise Unlike
    place = index.index(Ellipsis) if Ellipsis in index else len(index)
    missing = len(shape) - sum(entry is not Ellipsis for entry in index)
    entries = [*index[:place], *[_WHOLE] * missing, *index[place + 1 :]]
    return tuple(_clear(entry, length) for entry, length in zip(entries, shape, strict=True))


def _clear(entry: Any, length: int) -> Entry:
    if isinstance(entry, int):
        return entry % length
    start, stop, step = slice(entry.start, entry.stop, entry.step).indices(length)
    if step != 1 or stop <= start or (entry.stop is not None and entry.stop > length):
        raise Unlike
    return range(start, stop)


def axes_of(parts: Parts) -> tuple[Node, list[Axis]]:
    """The array that all parts are read from, and how."""
    first = next(iter(parts.values()))
    source = first.args[0] if first.op == "getitem" and len(first.args) == 1 else first
    indices = {}
    for position, part in parts.items():
        index = part.get("index") if part is not source and part.op == "getitem" else ()
        if part is not source and part.args != (source,):
            raise Unlike
        indices[position] = filled_up(index, source.shape)
    return source, [
        _axis({position: index[axis] for position, index in indices.items()}, length)
        for axis, length in enumerate(source.shape)
    ]


def _axis(entries: Mapping[Position, Entry], length: int) -> Axis:
    begins = {p: entry.start if isinstance(entry, range) else entry for p, entry in entries.items()}
    widths = {len(entry) if isinstance(entry, range) else 0 for entry in entries.values()}
    origin = next(iter(sorted(entries)))
    if len(widths) > 1:
        raise Unlike
    offset, width = begins[origin], widths.pop()
    moving = {}
    for counter in range(len(origin)):
        second = tuple(int(k == counter) for k in range(len(origin)))
        if begins.get(second, offset) != offset:
            moving[counter] = begins[second] - offset
    if not moving:
        if set(begins.values()) != {offset} or width not in (0, length):
            raise Unlike
        return Axis(length, offset=offset, width=width)
    if len(moving) > 1:
        raise Unlike
    (counter, stride), *_ = moving.items()
    if stride < 1 or any(begin != offset + stride * p[counter] for p, begin in begins.items()):
        raise Unlike
    return Axis(length, counter, 1 + max(p[counter] for p in entries), stride, offset, width)
