"""The numbers that are to be explained, and how exactly."""

from dataclasses import dataclass

from grader.problem.model import Array


@dataclass(frozen=True)
class Target:
    """The numbers that are to be explained.

    Attributes:
        values: one array per step, all finite, not all zero.
        sizes: the size of each dimension at each step.
        tolerance: allowed difference, relative to the largest entry.
    """

    values: list[Array]
    sizes: list[dict[str, int]]
    tolerance: float

    @property
    def search_tolerance(self) -> float:
        """For fingerprints: a little looser, since everything found is compared entry by entry."""
        return 20 * self.tolerance
