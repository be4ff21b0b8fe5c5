"""The tables that diagnosis looks things up in: plain arrays.  `build` makes them, `cache` keeps them.

A gradient's mistakes are kept twice: by the fingerprints of their values, and as affine maps of the gradient that it builds on,
v = M [D, 1], at the first sample points.  With the maps all mistakes of a gradient are tried on any upstream value at once: the
student's own, or every wrong one in the tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec
import numpy as np

from grader.diagnosis.formulas.expression import Node
from grader.diagnosis.hypothesis import Edit
from grader.problem.model import Array

MAPPED = 2  # sample points at which there are maps


@lru_cache(maxsize=256)
def direction(size: int) -> Array:
    """A fixed random vector of `size` entries."""
    return np.random.default_rng(size).standard_normal(size)


def fingerprint(values: Sequence[Array]) -> Array:
    """The same for the same numbers, whatever their shape and their common factor: one number per sample point, (K,).

    For a sample point with values v (raveled, n entries):  (r . v) / |v|,  with a fixed random r of n entries; then all sample
    points together times the sign of the first that is not 0.  Zeros where the values are zero.  Single numbers have no
    direction: theirs is the vector of all sample points, divided by its length.
    """
    if all(value.size == 1 for value in values):
        found = np.array([float(value.reshape(())) for value in values])
        length = float(np.linalg.norm(found))
        found = found / length if length else found
    else:
        found = np.zeros(len(values))
        for k, value in enumerate(values):
            flat = value.reshape(-1)
            length = float(np.sqrt(flat @ flat))
            if length:
                found[k] = float(flat @ direction(flat.size)) / length
    first = found[np.nonzero(np.abs(found) > 1e-12)[0][:1]]
    return found if not first.size or first[0] > 0 else -found


def entry_counts(values: Sequence[Array]) -> tuple[int, ...]:
    """How many entries at each sample point."""
    return tuple(value.size for value in values)


def packed(formulas: Sequence[tuple[Node, tuple[Edit, ...]]]) -> tuple[Array, Array]:
    """Formulas and edits as JSON, all in one array of bytes; and where each begins, (N + 1,)."""
    texts = [msgspec.json.encode([node, [list(vars(edit).values()) for edit in edits]]) for node, edits in formulas]
    return np.cumsum([0, *map(len, texts)]), np.frombuffer(b"".join(texts), dtype=np.uint8)


def _as_node(data: Sequence[object]) -> Node:
    """Nested lists, as JSON gives them, as a formula."""
    return tuple(_as_node(part) if isinstance(part, list) else part for part in data)


@dataclass
class Formulas:
    """Formulas with their edits, by number.

    Attributes:
        costs: (N,).
        offsets: (N + 1,), where each entry begins in `blob`, as JSON.
    """

    costs: Array
    offsets: Array
    blob: Array

    def __len__(self) -> int:
        return len(self.costs)

    def entry(self, i: int) -> tuple[Node, tuple[Edit, ...]]:
        """The formula and its edits."""
        node, edits = msgspec.json.decode(self.blob[self.offsets[i] : self.offsets[i + 1]].tobytes())
        return _as_node(node), tuple(Edit(*edit) for edit in edits)

    def cheapest(self, chosen: Array, most: int) -> list[int]:
        """The cheapest of the entries `chosen`, first to last."""
        return [int(i) for i in chosen[np.argsort(self.costs[chosen], kind="stable")][:most]]


@dataclass
class Entries(Formulas):
    """Formulas by the values that they have at the K probed sample points.

    Attributes:
        counts, prints: (N, K), see `entry_counts` and `fingerprint`.
    """

    counts: Array
    prints: Array

    def __post_init__(self) -> None:
        self._by_counts: dict[tuple[int, ...], tuple[Array, Array]] = {}

    @property
    def probes(self) -> int:
        return int(self.prints.shape[1])

    def near(self, values: Sequence[Array], tolerance: float, most: int) -> list[int]:
        """The cheapest entries with the fingerprint of `values`."""
        values = values[: self.probes]
        found = fingerprint(values)
        keys, entries = self._sorted(entry_counts(values))
        low, high = np.searchsorted(keys, [found[0] - tolerance, found[0] + tolerance])
        chosen = np.sort(entries[low:high])  # by number: equal values differ in their last bits
        return self.cheapest(chosen[np.all(np.abs(self.prints[chosen] - found) <= tolerance, axis=1)], most)

    def _sorted(self, counts: tuple[int, ...]) -> tuple[Array, Array]:
        """The first fingerprints of the entries with these counts, sorted for search; and the entries."""
        if counts not in self._by_counts:
            entries = np.nonzero(np.all(self.counts == np.array(counts), axis=1))[0]
            entries = entries[np.argsort(self.prints[entries, 0], kind="stable")]
            self._by_counts[counts] = (self.prints[entries, 0], entries)
        return self._by_counts[counts]


@dataclass
class Group(Formulas):
    """Maps to arrays of one size.

    Attributes:
        sizes: entries of the result at each mapped sample point.
        matrices: for each of these (N, entries of the result, entries of D + 1).
    """

    sizes: tuple[int, ...]
    matrices: list[Array]


@dataclass
class Maps:
    """All maps of one gradient; the right one is the first of its group, the first group."""

    upstream: str
    groups: list[Group]

    def group(self, sizes: tuple[int, ...]) -> Group | None:
        return next((group for group in self.groups if group.sizes == sizes[:MAPPED]), None)


@dataclass
class Stock:
    """Values [D, 1] of a gradient's formulas, unit length: `values[k]` is (N, entries + 1); `entries` are their numbers."""

    values: list[Array]
    entries: Array
    costs: Array


@dataclass
class Tables:
    """What diagnosis looks up, for one assignment.

    Attributes:
        gradients: for each gradient its one-mistake formulas; the first is the right one, with no edits.
        candidates: formulas of quantities and gradients that are no gradient's, for what was added or multiplied in.
        maps: for each gradient that builds on another, its own mistakes as maps of the other's value.
        wholes: for each gradient what may go wrong with its result, as maps of its own value.
        values: for each gradient that others build on, the numbers of its formulas of the right shape.
    """

    gradients: dict[str, Entries] = field(default_factory=dict)
    candidates: Entries | None = None
    maps: Mapping[str, Maps] = field(default_factory=dict)
    wholes: Mapping[str, Maps] = field(default_factory=dict)
    values: Mapping[str, Stock] = field(default_factory=dict)
