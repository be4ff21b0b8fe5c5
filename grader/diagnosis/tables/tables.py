"""The tables that diagnosis looks things up in: plain arrays.  `build` makes them, `cache` keeps them.

An entry is a formula, its edits, its cost and its fingerprint at the probe steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from grader.diagnosis.formulas.coding import decoded
from grader.diagnosis.formulas.expression import Node
from grader.diagnosis.hypothesis import Edit
from grader.diagnosis.search.maps import Maps, Stock
from grader.diagnosis.tables.signatures import Index
from grader.problem.model import Array


@dataclass
class Entries:
    """Formulas by number.

    Attributes:
        signatures, prints: (N, K), see `fingerprint`.
        costs: (N,).
        offsets: (N + 1,), where each entry stands in `blob`, as JSON.
    """

    signatures: Array
    prints: Array
    costs: Array
    offsets: Array
    blob: Array

    @cached_property
    def index(self) -> Index:
        return Index(self.signatures, self.prints)

    def __len__(self) -> int:
        return len(self.costs)

    def entry(self, i: int) -> tuple[Node, tuple[Edit, ...]]:
        """The formula and its edits."""
        return decoded(self.blob[self.offsets[i] : self.offsets[i + 1]].tobytes())


@dataclass
class Tables:
    """What diagnosis looks up, for one assignment.

    Attributes:
        gradients: for each gradient its one-mistake formulas; the first is the right one, with no edits.
        bank: formulas of quantities and gradients that are no gradient's, for what was added or multiplied in.
        maps: for each gradient that builds on another, its own mistakes as maps of the other's value.
        wholes: for each gradient what may go wrong with its result, as maps of its own value.
        values: for each gradient that others build on, the numbers of its formulas of the right shape.
    """

    gradients: dict[str, Entries] = field(default_factory=dict)
    bank: Entries | None = None
    maps: Mapping[str, Maps] = field(default_factory=dict)
    wholes: Mapping[str, Maps] = field(default_factory=dict)
    values: Mapping[str, Stock] = field(default_factory=dict)
