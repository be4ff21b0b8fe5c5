"""The tables that diagnosis looks numbers up in: keys, and the formulas behind them; no values.

A gradient's table has its own formulas, right and wrong, and the keys of all wrong values that it may have.  Some of these are
the values of its own formulas.  The others follow from an entry of the table of a gradient that it builds on, and need no formula
of their own.
"""

import zlib
from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np
from msgspec import Struct

from grader.diagnosis.formulas.expression import Node
from grader.diagnosis.hypothesis import Edit
from grader.diagnosis.tables.projections import Index, Sizes, Sought
from grader.problem.model import Array

OWN = 0  # `via` of an entry that is a formula of the gradient itself
Shapes = tuple[tuple[int, ...], ...]
Entry = tuple[Node, tuple[Edit, ...], float]


def packed(formulas: Sequence[tuple[Node, tuple[Edit, ...]]]) -> tuple[Array, bytes]:
    """Formulas and edits, all in one string of bytes; and where each begins, (N + 1,)."""
    texts = [msgspec.msgpack.encode([node, list(map(msgspec.structs.astuple, edits))]) for node, edits in formulas]
    return np.cumsum([0, *map(len, texts)], dtype=np.uint32), zlib.compress(b"".join(texts), 1)


def as_node(data: Sequence[object]) -> Node:
    """Nested lists, as they are read, as a formula."""
    return tuple([as_node(part) if type(part) is list else part for part in data])  # thousands at a time


class Formulas(Struct, frozen=True, dict=True):
    """A gradient's own formulas with their edits, cheapest first; the first is the gradient itself, with no edit.

    Attributes:
        costs: (M,).
        offsets: (M + 1,), where each begins in the unpacked `blob`.
    """

    costs: Array
    offsets: Array
    blob: bytes

    def __len__(self) -> int:
        return len(self.costs)

    @cached_property
    def _unpacked(self) -> bytes:
        return zlib.decompress(self.blob)

    def __getitem__(self, i: int) -> tuple[Node, tuple[Edit, ...]]:
        node, edits = msgspec.msgpack.decode(self._unpacked[self.offsets[i] : self.offsets[i + 1]])
        return as_node(node), tuple(Edit(*edit) for edit in edits)


class Table(Struct, frozen=True, dict=True):
    """What one gradient may be by mistake.

    Attributes:
        tree: the solution's formula; None where it cannot be read.
        upstream: the gradients in it.
        formulas: of this gradient itself; some of them have no entry, only maps.
        shapes: those that occur, one of each sample point together.
        kinds: (N,), the number of the shapes of each entry.
        via: (N,), OWN, or 1 + the number in `upstream` of the gradient whose entry it follows from.
        origins: (N,), the number of the formula, or of that entry.
        costs: (N,).
        angles: (N, KEYED), see `projections.angles_of`.
    """

    tree: Node | None
    upstream: tuple[str, ...]
    formulas: Formulas
    shapes: tuple[Shapes, ...]
    kinds: Array
    via: Array
    origins: Array
    costs: Array
    angles: Array

    def __len__(self) -> int:
        return len(self.costs)

    @cached_property
    def _by_sizes(self) -> dict[Sizes, list[int]]:
        """The kinds of each size."""
        found: dict[Sizes, list[int]] = {}
        for kind, shapes in enumerate(self.shapes):
            found.setdefault(tuple(int(np.prod(shape)) for shape in shapes), []).append(kind)
        return found

    @cached_property
    def _indexes(self) -> dict[Sizes, Index]:
        return {}

    def numbers_near(self, sought: Sought, most: int) -> list[int]:
        """The cheapest entries with these keys."""
        index = self._indexes.get(sought.sizes)
        if index is None:
            kinds = self._by_sizes.get(sought.sizes)
            if kinds is None:
                return []
            entries = np.nonzero(np.isin(self.kinds, kinds))[0]
            index = self._indexes[sought.sizes] = Index(entries, self.angles[entries])
        return sorted(index.near(sought), key=lambda i: (self.costs[i], i))[:most]
