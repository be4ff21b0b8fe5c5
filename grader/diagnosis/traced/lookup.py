"""Values at all sample points, among which equal ones are found without comparing them one by one."""

from collections.abc import Iterable

import numpy as np

from grader.diagnosis.formulas.expression import Values
from grader.diagnosis.traced.events import TOLERANCE, equal, sizes_of
from grader.problem.model import Array

_ROUGHLY = 10 * TOLERANCE  # as far apart as rounding lets equal ones seem in a comparison of many at once


class Lookup:
    """The values that were given, by their positions."""

    def __init__(self, given: Iterable[Values]) -> None:
        """Arrange them by their sizes, and those at the first sample point as the rows of a matrix."""
        groups: dict[tuple[int, ...], list[tuple[int, Values]]] = {}
        for number, values in enumerate(given):
            groups.setdefault(sizes_of(values), []).append((number, values))
        self._groups = {sizes: (_rows(values for _, values in group), group) for sizes, group in groups.items()}

    def __contains__(self, values: Values) -> bool:
        return bool(self.positions(values))

    def positions(self, values: Values) -> list[int]:
        """Where equal values stand, whether as rows, columns or vectors."""
        if sizes_of(values) not in self._groups:
            return []
        rows, group = self._groups[sizes_of(values)]
        own = _rows([values])
        with np.errstate(all="ignore"):
            sizes = np.maximum(np.linalg.norm(rows, axis=1), np.linalg.norm(own))
            far = np.linalg.norm(rows - own, axis=1) > _ROUGHLY * sizes
        near = [group[i] for i in np.nonzero(~far)[0]]  # NaN and what overflows is near, and compared
        return [number for number, known in near if equal(values, known)]


def _rows(given: Iterable[Values]) -> Array:
    rows = np.stack([np.ravel(values[0]) for values in given])
    return rows if rows.dtype.kind in "fc" else rows.astype(float)
