"""What is derived: a model, the quantities asked for, and the points at which formulas are compared."""

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from grader.derivation.chain import Forward, Point, derive_at, derive_from, order_of, run
from grader.derivation.graph.loading import Model
from grader.derivation.numerical import Plain
from grader.derivation.simplify.reuse import Gradient


class Derivation(Struct, frozen=True, dict=True):
    """A model, the points at which it was derived, and what was asked for."""

    model: Model
    loss: str
    wanted: Mapping[str, str]
    points: tuple[Point, ...]
    sign: int = 1  # -1: the gradients of minus the loss

    @property
    def differentiated(self) -> str:
        """The loss, or minus the loss."""
        return self.loss if self.sign == 1 else f"(-{self.loss})"

    @cached_property
    def forward(self) -> tuple[Forward, ...]:
        """The model's functions as evaluated at each point."""
        return tuple(run(self.model, point, self.loss) for point in self.points)

    @cached_property
    def for_loops(self) -> Forward:
        """The same at the first point, once more: looking for loops adds to its graph."""
        return run(self.model, self.points[0], self.loss)

    @cached_property
    def as_written(self) -> Forward:
        """The same with loops that fill arrays as they are written, entry by entry."""
        return run(self.model, self.points[0], self.loss, as_written=True)

    @cached_property
    def at_points(self) -> tuple[dict[str, Gradient], ...]:
        return tuple(derive_from(forward, self.wanted, self.sign) for forward in self.forward)

    def gradient_by(self, quantity: str) -> Gradient:
        """The gradient at the first point by a quantity that need not be asked for."""
        if quantity not in self._others:
            wanted = {**self.wanted, "": quantity}
            self._others[quantity] = derive_at(self.model, self.points[0], self.loss, wanted, self.sign)[""]
        return self._others[quantity]

    @cached_property
    def _others(self) -> dict[str, Gradient]:
        return {}

    @cached_property
    def plain(self) -> tuple[Plain, ...]:
        return tuple(Plain(self.model, point, self.loss) for point in self.points)

    @cached_property
    def helpers(self) -> dict[str, str]:
        """What the model calls its sigmoid, its softmax, ..."""
        quantities = order_of(self.model, self.loss)
        return {op: name for name, op in self.model.helpers.items() if name not in quantities}
