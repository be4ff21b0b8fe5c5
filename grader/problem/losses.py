"""The loss at many values of one quantity: in pieces that fit into memory, each one stack where the model allows it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from grader.problem.fillable import for_complex_steps, for_stacks, with_values_side_by_side
from grader.problem.kinks import ANALYTIC, watched
from grader.problem.model import Array, Graph
from grader.problem.stacked import Stack

_BASE_MB = 100  # what Python, numpy and the assignment take
_LEAST_MB = 8
_PIECE_MB = 32  # larger pieces only leave the caches
_TEMPORARIES = 4  # arrays of each size that are alive at a time

# The quantities for which a model has given the same losses for a stack as for its values one by one: at other sample points,
# fewer are compared.
_ALIKE: WeakKeyDictionary[Graph, set[Any]] = WeakKeyDictionary()


class Rays:
    """Directions through a value x: the unit vectors of all its entries, or given ones (N, *shape of x)."""

    def __init__(self, x: Array, directions: Array | None, numbers: Array | None = None) -> None:
        self._x, self._directions = x, directions
        count = x.size if directions is None else len(directions)
        self._numbers = np.arange(count) if numbers is None else numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def only(self, *numbers: int) -> "Rays":
        return Rays(self._x, self._directions, self._numbers[list(numbers)])

    def part(self, begin: int, end: int) -> "Rays":
        return Rays(self._x, self._directions, self._numbers[begin:end])

    def moved(self, steps: Sequence[complex]) -> Array:
        """x + t v for each step t and each direction v: (steps · N, *shape of x)."""
        count, x = len(self), self._x
        if self._directions is not None:
            rays = self._directions[self._numbers]
            return np.concatenate([x + t * rays for t in steps])
        stack = np.empty((len(steps), count, x.size), dtype=np.result_type(x, *steps))
        stack[:] = x.reshape(-1)
        for k, t in enumerate(steps):
            stack[k, np.arange(count), self._numbers] += t
        return stack.reshape(len(steps) * count, *x.shape)


class Losses:
    """J with one quantity replaced.

    Attributes:
        here: J at the sample point.
    """

    def __init__(
        self, graph: Graph, values: Mapping[str, Any], node: str, memory_mb: float, *, analytic: bool = False
    ) -> None:
        """Prepare them.

        Args:
            analytic: the steps are complex, also through functions that numpy defines otherwise for complex numbers.
        """
        self._graph, self._values, self._node, self._analytic = graph, values, node, analytic
        # In which ways stacks may go through the model: as it is, or with arrays that it can fill with them.
        self._ways: tuple[Callable[[Any], Any] | None, ...] = (None, for_stacks)
        self._agreed = False
        numbers = numbers_per_evaluation(graph, values, node)
        usable = min(max(memory_mb - _BASE_MB, _LEAST_MB), _PIECE_MB) * 2**20
        self._piece = max(1, int(usable / (8 * (1 + analytic) * _TEMPORARIES * numbers)))
        self.here = float(values[graph.loss])

    def __call__(self, rays: Rays, steps: Sequence[complex]) -> list[Array]:
        """J(x + t v) for each step t: one array (N,) for each, a number for each direction v."""
        each = max(1, self._piece // len(steps))
        pieces = []
        for begin in range(0, len(rays), each):
            part = rays.part(begin, begin + each)
            pieces.append(self._at(part.moved(steps)).reshape(len(steps), len(part)))
        return list(np.concatenate(pieces, axis=1))

    def _at(self, stack: Array) -> Array:
        while self._ways:
            try:
                found = self._together(stack, self._ways[0])
                if found.shape == (len(stack),) and (self._agreed or self._agrees(found, stack)):
                    self._agreed = True
                    return found
            except Exception:  # noqa: S110, not a model for stacks
                pass
            self._ways, self._agreed = self._ways[1:], False
        return np.array([np.asarray(self._one(x)).reshape(()) for x in stack])

    def _agrees(self, found: Array, stack: Array) -> bool:
        alike, what = _ALIKE.setdefault(self._graph, set()), (self._node, self._analytic, self._ways[0])
        middle = len(stack) // 2
        agrees = all(
            bool(np.abs(found[i] - np.asarray(self._one(stack[i])).reshape(())) <= 1e-12 * np.abs(found[i]))
            for i in ({middle} if what in alike else {0, middle, len(stack) - 1})
        )
        if agrees:
            alike.add(what)
        return agrees

    def _together(self, stack: Array, instead: Callable[[Any], Any] | None) -> Array:
        values = with_values_side_by_side(stack) if instead else stack
        found = self._graph.loss_at(self._values, self._node, Stack(values, ANALYTIC), instead)
        return np.asarray(found.values if isinstance(found, Stack) else found)

    def _one(self, x: Array) -> Any:
        if self._analytic:
            return _plain(self._graph.loss_at(self._values, self._node, watched(x), for_complex_steps))
        return _plain(self._graph.loss_at(self._values, self._node, x))


def _plain(value: Any) -> Array:
    return np.asarray(value).view(np.ndarray)


def numbers_per_evaluation(graph: Graph, values: Mapping[str, Any], node: str) -> int:
    """How many numbers one evaluation of the loss makes: the quantity itself and all that is computed from it."""
    return sum(int(np.size(values[name])) for name in (node, *graph.downstream(node)))
