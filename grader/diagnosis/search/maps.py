"""A gradient's mistakes as affine maps of the gradient that it builds on: v = M [D, 1], at two probe steps.  The data alone.

With them all mistakes of a gradient are tried on any upstream value at once: the student's own, or every wrong one in the tables.
"""

from dataclasses import dataclass

from grader.diagnosis.formulas.coding import decoded
from grader.diagnosis.formulas.expression import Node
from grader.diagnosis.hypothesis import Edit
from grader.problem.model import Array

PROBED = 2


@dataclass
class Group:
    """Maps to arrays of one size.

    Attributes:
        sizes: entries of the result at each probe.
        matrices: at each probe (N, entries of the result, entries of D + 1).
        costs: (N,).
        offsets: (N + 1,), where each formula stands in `blob`.
    """

    sizes: tuple[int, ...]
    matrices: list[Array]
    costs: Array
    offsets: Array
    blob: Array

    def entry(self, i: int) -> tuple[Node, tuple[Edit, ...]]:
        return decoded(self.blob[self.offsets[i] : self.offsets[i + 1]].tobytes())


@dataclass
class Maps:
    """All maps of one gradient; the right one is the first of its group, the first group."""

    upstream: str
    groups: list[Group]

    def group(self, sizes: tuple[int, ...]) -> Group | None:
        return next((group for group in self.groups if group.sizes == sizes[:PROBED]), None)


@dataclass
class Stock:
    """Values [D, 1] of a gradient's formulas, unit length: `values[k]` is (N, entries + 1); `entries` are their numbers."""

    values: list[Array]
    entries: Array
    costs: Array
