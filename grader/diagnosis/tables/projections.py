"""Keys to look numbers up by: two random projections of an array, as an angle.

The angle of ((r1 . v), (r2 . v)) is the same for v and for any multiple of v, so that signs and scales need no keys of their own.
It is known to about seven digits.  What has the right angles is a candidate: it is evaluated before it is reported.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from grader.problem.model import Array

KEYED = 2  # sample points with keys
ZERO = 1e-12
NO_ANGLE = 9.0  # where the values are zero
RESOLUTION = 1e-6
Sizes = tuple[int, ...]


@lru_cache(maxsize=256)
def directions(size: int) -> Array:
    """Two fixed random vectors, (2, size): the same with every version of numpy."""
    return np.random.RandomState(size % (1 << 32)).standard_normal((2, size))


def projections(values: Sequence[Array]) -> Array:
    """(N, K, 2) of N arrays at each of K sample points, which are given as (N, entries)."""
    return np.stack([value @ directions(value.shape[1]).T for value in values], axis=1)


def angles_of(found: Array, sizes: Sizes) -> Array:
    """The keys (N, KEYED) of projections (N, K, 2), in single precision.

    A single number has no direction: its key is the angle between its values at two sample points.
    """
    if all(size == 1 for size in sizes):
        numbers = found[:, :, 0] / directions(1)[0, 0]
        first, second = numbers[:, :KEYED], np.roll(numbers, -1, axis=1)[:, :KEYED]
    else:
        first, second = found[:, :KEYED, 0], found[:, :KEYED, 1]
    angles = np.arctan2(first, second) % np.pi
    return np.where(np.hypot(first, second) < ZERO, NO_ANGLE, angles).astype(np.float32)


def sizes_of(values: Sequence[Array]) -> Sizes:
    """The number of entries at each sample point."""
    return tuple(value.size for value in values)


class Sought:
    """The numbers that are looked up, and how far from their keys those of the same numbers may be."""

    def __init__(self, values: Sequence[Array], tolerance: float) -> None:
        """`tolerance`: of the projections, relative to the length of the array."""
        self.sizes = sizes_of(values)
        found = [directions(value.size) @ value.reshape(-1) for value in values]
        self.angles = [float(angle) for angle in angles_of(np.array([found]), self.sizes)[0]]
        self.tolerances = [
            RESOLUTION + tolerance * float(np.sqrt(np.vdot(value, value))) / max(math.hypot(*projected), 1e-300)
            for value, projected in zip(values[:KEYED], found, strict=False)
        ]

    def near(self, angles: Array) -> Array:
        """Which of the keys (..., KEYED) are those of these numbers."""
        close = np.ones(angles.shape[:-1], dtype=bool)
        for k, (angle, tolerance) in enumerate(zip(self.angles, self.tolerances, strict=True)):
            apart = np.abs(angles[..., k] - angle)
            close &= np.minimum(apart, np.abs(np.pi - apart)) <= tolerance
        return close


class Index:
    """Keys sorted by the first, for search: in plain numbers, since few of them are ever compared."""

    def __init__(self, entries: Array, angles: Array) -> None:
        order = np.argsort(angles[:, 0], kind="stable")
        self.entries: list[int] = entries[order].tolist()
        self.angles: list[list[float]] = angles[order].T.tolist()

    def near(self, sought: Sought) -> list[int]:
        """The entries with these keys."""
        found = []
        first, tolerance = sought.angles[0], sought.tolerances[0]
        for turned in (first - math.pi, first, first + math.pi):  # an angle is known up to half a turn
            low = bisect_left(self.angles[0], turned - tolerance)
            high = bisect_right(self.angles[0], turned + tolerance)
            found += [self.entries[row] for row in range(low, high) if self._agrees(row, sought)]
        return found

    def _agrees(self, row: int, sought: Sought) -> bool:
        for angles, angle, tolerance in zip(self.angles[1:], sought.angles[1:], sought.tolerances[1:], strict=True):
            apart = abs(angles[row] - angle)
            if min(apart, abs(math.pi - apart)) > tolerance:
                return False
        return True


def exact_keys(found: Array) -> list[bytes]:
    """One for each of the projections (N, K, 2): the same for equal arrays, and for those of opposite sign."""
    flat = found.reshape(len(found), int(np.prod(found.shape[1:])))
    if not flat.size:
        return []
    largest = np.maximum(np.max(np.abs(flat), axis=1, keepdims=True), 1e-300)
    unit = flat / largest
    first = np.argmax(np.abs(unit) > 1e-9, axis=1)
    unit *= np.sign(unit[np.arange(len(unit)), first])[:, None]
    rounded = np.round(np.concatenate([unit, np.log(largest)], axis=1), 9) + 0.0  # no negative zeros
    return [row.tobytes() for row in rounded]
