"""What a student's function may pass through, arranged so that it can be looked up."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.traced.events import equal, sizes_of


class Known(Struct, frozen=True):
    """What a function may pass through.

    Attributes:
        by_sizes: by the numbers of entries at the sample points.
        made: what may be taken apart, or put together, by rows.
        filled: what may be filled bit by bit.
        factors: the single numbers that something known may be multiplied by, or divided by.
        labels: of the values that were looked up, by their bytes.
    """

    by_sizes: dict[tuple[int, ...], list[Values]]
    made: list[Values]
    filled: list[Values]
    factors: list[Values] = []
    labels: dict[bytes, str] = {}


def known_values(
    values: Iterable[Values], weights: Sequence[Values], filled: list[Values], factors: list[Values]
) -> Known:
    """Arrange them.

    Args:
        weights: of these no rows are taken: any row of a weight is a choice.
    """
    distinct = {b"".join(value.tobytes() for value in one): one for one in values}
    by_sizes: dict[tuple[int, ...], list[Values]] = {}
    for one in distinct.values():
        by_sizes.setdefault(sizes_of(one), []).append(one)
    fixed = [*weights, *([one.T for one in right] for right in weights)]
    made = [other for other in distinct.values() if not any(equal(other, weight) for weight in fixed)]
    return Known(by_sizes, made, filled, factors)
