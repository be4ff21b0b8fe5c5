"""What a pattern is, and the numbers that it sees."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct

from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.hypothesis import Edit
from grader.problem.model import Array

Edits = tuple[Edit, ...]
SAME_NUMBER = 1e-6  # of a number that must be the same at every sample point, such as a learning rate


class Case(Struct, frozen=True, dict=True):
    """An answer and what it may have been made of: one array per sample point each, in the student's direction.

    Attributes:
        values: the answer.
        right: the right gradient, or what follows from the student's own upstream gradients.
        of: the quantity that the gradient is taken with respect to.
        upstream: the gradients that it builds on, by how they are written.
        known: quantities and other gradients, by how they are written.
        quantities: which of these are quantities, in the order of config.yaml.
        tolerance: allowed difference, relative to the largest entry.
    """

    values: Values
    right: Values
    of: str
    upstream: Mapping[str, Values]
    known: Mapping[str, Values]
    quantities: tuple[str, ...]
    tolerance: float

    def matches(self, made: Iterable[Array]) -> bool:
        """The answer has this shape and these numbers at every sample point."""
        return all(
            value.shape == other.shape and bool(np.abs(value - other).max(initial=0.0) <= largest)
            for value, largest, other in zip(self.values, self._allowed, made, strict=True)
        )

    @cached_property
    def _allowed(self) -> list[float]:
        return [self.tolerance * float(np.abs(value).max(initial=0.0)) for value in self.values]

    def same_shape(self) -> bool:
        """The answer has the shape of the gradient."""
        return all(value.shape == right.shape for value, right in zip(self.values, self.right, strict=True))

    def is_constant(self, numbers: Sequence[float]) -> bool:
        """Whether these numbers, one per sample point, are the same."""
        return max(numbers) - min(numbers) <= max(SAME_NUMBER, 10 * self.tolerance) * abs(numbers[0])


class Pattern(Struct, frozen=True):
    """One thing that may be done with the right numbers.

    Attributes:
        slug: the operator that it is reported as.
        find: the edits that give the answer, for each way in which it fits.
        example: a wrong answer of this kind, made from the right ones; None where a gradient allows none.
    """

    slug: str
    find: Callable[[Case], Iterator[Edits]]
    example: Callable[[Case], Values | None]
