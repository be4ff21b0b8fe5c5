"""Keys to look numbers up by: two random projections of an array, as an angle.

The angle of ((r1 . v), (r2 . v)) is the same for v and for any multiple of v, so that signs and scales need no keys of their own.
It is known to about seven digits.  What has the right angles is a candidate: it is evaluated before it is reported.
"""

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
        found = projections([np.reshape(value, (1, -1)) for value in values])
        self.angles = angles_of(found, self.sizes)[0]
        lengths = [float(np.linalg.norm(value)) for value in values[:KEYED]]
        reached = np.hypot(found[0, :KEYED, 0], found[0, :KEYED, 1])
        self.tolerances = RESOLUTION + tolerance * np.array(lengths) / np.maximum(reached, 1e-300)

    def near(self, angles: Array) -> Array:
        """Which of the keys (..., KEYED) are those of these numbers."""
        close = np.ones(angles.shape[:-1], dtype=bool)
        for k in range(angles.shape[-1]):
            apart = np.abs(angles[..., k] - self.angles[k])
            close &= np.minimum(apart, np.abs(np.pi - apart)) <= self.tolerances[k]
        return close

    def among(self, angles: Array) -> Array:
        """The rows of keys (N, KEYED), sorted by the first, that are those of these numbers."""
        middle, tolerance = self.angles[0], self.tolerances[0]
        ranges = []
        for turned in (-np.pi, 0.0, np.pi):  # angles are known up to half a turn
            low, high = np.searchsorted(angles[:, 0], [middle + turned - tolerance, middle + turned + tolerance])
            ranges.append(np.arange(low, high))
        rows = np.unique(np.concatenate(ranges))
        return rows[self.near(angles[rows])]


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
