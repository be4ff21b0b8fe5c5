"""Which of many values become entries of a table: each value once, or a few times with different mistakes."""

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from grader.diagnosis.tables.projections import ZERO, exact_keys
from grader.diagnosis.tables.stacks import Stack
from grader.diagnosis.tables.tables import Shapes
from grader.problem.model import Array

ALTERNATIVES = 3
MOST_ENTRIES = 20_000  # of a table
MOST_CARRIED = 1 << 22  # numbers of one stack that are carried on
RIGHT = 0  # the number of no mistake


class Chunk(Struct):
    """Values that may become entries: of a gradient's own formulas, or carried over from one upstream gradient."""

    via: int
    stack: Stack
    found: Array
    costs: Array
    mistakes: Array
    turned: Array

    def chosen(self, rows: Array) -> "Chunk":
        return Chunk(
            self.via,
            self.stack.chosen(rows),
            self.found[rows],
            self.costs[rows],
            self.mistakes[rows],
            self.turned[rows],
        )


def distinct(chunks: list[Chunk]) -> list[Chunk]:
    """The cheapest formulas of each value, a few with other mistakes kept beside them; the right value has none beside it."""
    chosen: list[list[int]] = [[] for _ in chunks]
    by_shapes: dict[Shapes, list[int]] = {}
    for c, chunk in enumerate(chunks):
        by_shapes.setdefault(chunk.stack.shapes, []).append(c)
    for together in by_shapes.values():
        found = np.concatenate([chunks[c].found for c in together])
        costs = np.concatenate([chunks[c].costs for c in together])
        mistakes = np.concatenate([chunks[c].mistakes for c in together]).tolist()
        places = [(c, row) for c in together for row in range(len(chunks[c].costs))]
        something = np.nonzero(np.max(np.abs(found), axis=(1, 2)) > ZERO)[0]
        something = something[np.argsort(costs[something], kind="stable")]
        kept: dict[bytes, list[int]] = {}
        for i, key in zip(something.tolist(), exact_keys(found[something]), strict=True):
            same = kept.setdefault(key, [])
            if len(same) < ALTERNATIVES and RIGHT not in same and mistakes[i] not in same:
                same.append(mistakes[i])
                c, row = places[i]
                chosen[c].append(row)
    limited = _cheapest(chunks, chosen)
    return [chunk.chosen(rows) for chunk, rows in zip(chunks, limited, strict=True) if len(rows)]


def _cheapest(chunks: list[Chunk], chosen: list[list[int]]) -> list[Array]:
    """No more than a table may have, and no more of a shape than may be carried on."""
    costs = np.concatenate([chunk.costs[rows] for chunk, rows in zip(chunks, chosen, strict=True)])
    highest = np.sort(costs)[MOST_ENTRIES - 1] if len(costs) > MOST_ENTRIES else np.inf
    limited = []
    for chunk, rows in zip(chunks, chosen, strict=True):
        found = np.array(sorted(rows), dtype=int)
        found = found[chunk.costs[found] <= highest]
        most = max(1, MOST_CARRIED // max(value.shape[1] for value in chunk.stack.values))
        limited.append(np.sort(found[np.argsort(chunk.costs[found], kind="stable")][:most]))
    return limited


def joined(chunks: list[Chunk], part: Callable[[Chunk], Array], dtype: type) -> Array:
    """One part of all chunks."""
    return np.concatenate([np.zeros(0), *(part(chunk).reshape(-1) for chunk in chunks)]).astype(dtype)
