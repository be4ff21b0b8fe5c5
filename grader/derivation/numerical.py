"""The numerical derivative along random directions, by the model's own functions on plain arrays.

    d/dt J(q + t·v) at t = 0  is  Σ gradient · v        for the gradient by q, and any direction v

Central differences with two step sizes are combined (Richardson), so that the error is of fourth order.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from grader.derivation.chain import Point, order_of
from grader.derivation.graph.loading import Model
from grader.derivation.graph.nodes import Array

DIRECTIONS = 3


class Plain:
    """The model at a point, evaluated by numpy alone."""

    def __init__(self, model: Model, point: Point, loss: str) -> None:
        self.model, self.loss = model, loss
        self.order = order_of(model, loss)
        self.values = self._run(self.order, point.inputs)
        self.total = float(np.sum(self.values[loss]))

    def loss_with(self, name: str, value: Array) -> float:
        """The loss with one quantity replaced: one that the model computes is cut off from what it is computed from."""
        changed = {name}
        after = []
        for function in self.order:
            if function != name and changed.intersection(self.model.parameters(function)):
                changed.add(function)
                after.append(function)
        return float(np.sum(self._run(after, {**self.values, name: value})[self.loss]))

    def _run(self, names: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        known = dict(values)
        for name in names:
            arguments = [known[parameter] for parameter in self.model.parameters(name)]
            with np.errstate(all="ignore"):
                known[name] = self.model.functions[name](*[np.copy(a) if np.ndim(a) else a for a in arguments])
        return known

    def error(self, quantity: str, gradient: Array) -> float:
        """The largest relative difference between the gradient and the numerical derivative."""
        random = np.random.default_rng(0)
        value = np.asarray(self.values[quantity], dtype=float)
        if gradient.shape != value.shape:
            return float("inf")
        signs = [
            random.choice((-1.0, 1.0), value.shape) * random.uniform(0.5, 1, value.shape) for _ in range(DIRECTIONS)
        ]
        return max(self._along(quantity, value, gradient, direction) for direction in signs)

    def _along(self, quantity: str, value: Array, gradient: Array, direction: Array) -> float:
        """The error along a direction, or along one in proportion to the entries: a probability must stay positive."""
        errors = []
        for way in (direction, direction * np.abs(value)):
            scale = float(np.sum(np.abs(gradient * way))) + 1e-5 * (1 + abs(self.total))
            exact = float(np.sum(gradient * way))
            loss = lambda t, v=way: self.loss_with(quantity, value + t * v)  # noqa: E731
            errors.append(_smallest(abs(slope(loss, h) - exact) / scale for h in (1e-3, 1e-4, 3e-6)))
            if errors[-1] < 1e-7:
                break
        return min(errors)


def _smallest(errors: Iterable[float]) -> float:
    """The smallest error, none being tried after one that is small; near a kink only short steps are any good."""
    best = float("inf")
    for error in errors:
        best = min(best, error if error == error else best)
        if best < 1e-9:
            break
    return best


def slope(function: Callable[[float], float], h: float) -> float:
    """f'(0) by central differences with h and h/2, extrapolated."""
    wide = (function(h) - function(-h)) / (2 * h)
    narrow = (function(h / 2) - function(-h / 2)) / h
    return (4 * narrow - wide) / 3
