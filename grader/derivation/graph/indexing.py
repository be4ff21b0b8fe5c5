"""Indices as data: what stands between the brackets of `z[..., [x], 1:]`, hashable, its arrays set apart as arguments.

An index is a tuple of entries: an integer, None, Ellipsis, `Slice`, or `Slot(k)` for the k-th index array.
"""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from grader.derivation.graph.nodes import Array


class Slice(Struct, frozen=True):
    """A slice, hashable also before Python 3.12."""

    start: int | None
    stop: int | None
    step: int | None


class Slot(Struct, frozen=True):
    """The place of an index array, which is an argument of the node."""

    number: int


Index = tuple[Any, ...]


def _whole(value: Any) -> int | None:
    return None if value is None else operator.index(value)


def split_index(item: Any, is_array: Any) -> tuple[Index, list[Any]]:
    """The index `item` as data, and its arrays; `is_array` says which entries are stand-ins for arrays."""
    entries: list[Any] = []
    arrays: list[Any] = []
    for entry in item if isinstance(item, tuple) else (item,):
        if entry is None or entry is Ellipsis:
            entries.append(entry)
        elif isinstance(entry, slice):
            entries.append(Slice(_whole(entry.start), _whole(entry.stop), _whole(entry.step)))
        elif isinstance(entry, int | np.integer) and not isinstance(entry, bool):
            entries.append(int(entry))
        elif isinstance(entry, range):
            entries.append(Slot(len(arrays)))
            arrays.append(np.array(entry))
        elif is_array(entry) or isinstance(entry, list | np.ndarray):
            entries.append(Slot(len(arrays)))
            arrays.append(entry)
        else:
            entries.append(operator.index(entry))
    return tuple(entries), arrays


def join_index(index: Index, arrays: Sequence[Array]) -> tuple[Any, ...]:
    """What numpy takes: the inverse of `split_index`."""
    entries: list[Any] = []
    for entry in index:
        if isinstance(entry, Slice):
            entries.append(slice(entry.start, entry.stop, entry.step))
        else:
            entries.append(arrays[entry.number] if isinstance(entry, Slot) else entry)
    return tuple(entries)


def along(axis: int, entry: Any) -> tuple[Any, ...]:
    """The index that takes `entry` along one axis and everything along those before it."""
    return (*(slice(None),) * axis, entry)


def only_adds_axes(index: Index) -> bool:
    """Whether nothing but axes of size one is added: z[:, None]."""
    everything = (None, Ellipsis, Slice(None, None, None))
    return None in index and all(any(entry is each or entry == each for each in everything) for entry in index)


def is_basic(index: Index) -> bool:
    """Whether numpy returns a view: no index arrays."""
    return not any(isinstance(entry, Slot) for entry in index)
