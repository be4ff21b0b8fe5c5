"""Fingerprints of arrays at several steps: the same for the same numbers, whatever their shape and their common factor.

For a step with values v (raveled, n entries):  (r . v) / |v|,  with a fixed random r of n entries; then all steps together
times the sign of the first that is not 0.  Single numbers have no direction: theirs
is the vector of all steps, divided by its length.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from grader.problem.model import Array


@lru_cache(maxsize=256)
def direction(size: int) -> Array:
    """A fixed random vector of `size` entries."""
    return np.random.default_rng(size).standard_normal(size)


def fingerprint(values: Sequence[Array]) -> Array:
    """One number per step, (K,); zeros where the values are zero."""
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


def signature(values: Sequence[Array]) -> tuple[int, ...]:
    """How many entries at each step."""
    return tuple(value.size for value in values)


class Index:
    """Fingerprints sorted for search, those of each signature apart."""

    def __init__(self, signatures: Array, prints: Array) -> None:
        """Take signatures (N, K) and fingerprints (N, K), row i being entry i."""
        self.signatures = signatures
        self.prints = prints
        self._groups: dict[tuple[int, ...], tuple[Array, Array]] = {}

    def near(self, values: Sequence[Array], tolerance: float) -> Array:
        """The entries whose fingerprint is that of `values`."""
        return self.near_print(signature(values), fingerprint(values), tolerance)

    def near_print(self, sizes: tuple[int, ...], found: Array, tolerance: float) -> Array:
        keys, entries = self._group(sizes)
        low, high = np.searchsorted(keys, [found[0] - tolerance, found[0] + tolerance])
        chosen = entries[low:high]
        return chosen[np.all(np.abs(self.prints[chosen] - found) <= tolerance, axis=1)]

    def _group(self, sizes: tuple[int, ...]) -> tuple[Array, Array]:
        if sizes not in self._groups:
            entries = np.nonzero(np.all(self.signatures == np.array(sizes), axis=1))[0]
            entries = entries[np.argsort(self.prints[entries, 0], kind="stable")]
            self._groups[sizes] = (self.prints[entries, 0], entries)
        return self._groups[sizes]
