"""An assignment, loaded whole: config, model, solution, sample points, and the right gradient at each.

The only module that knows how these fit together; everything after it takes an `Assignment`.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from grader.config.keys import Computed, Config, Gradient
from grader.errors import ConfigError
from grader.problem.derivatives import Derivative, differentiate, random_directions, relative_error
from grader.problem.model import Array, Graph
from grader.problem.points import Point, make_fresh_point, make_inconsistent_point, make_points
from grader.problem.recompute import Recomputed, recomputed_gradients
from grader.problem.reference import Reference

KEPT_POINTS = 32


@dataclass(frozen=True)
class Assignment:
    """Everything that is known about an assignment before a submission is seen.

    Attributes:
        folder: where config.yaml stands.
        reference: the solution, or None on a student's machine.
    """

    folder: Path
    config: Config
    graph: Graph
    points: list[Point]
    reference: Reference | None

    @cached_property
    def numeric(self) -> dict[str, list[Derivative]]:
        """The numerical derivative for each gradient, at each sample point."""
        return {
            gradient.name: [self._differentiate(gradient, point) for point in self.points]
            for gradient in self.config.gradients
        }

    @cached_property
    def exact(self) -> dict[str, list[Array]]:
        """Each gradient at each sample point to machine precision: the solution's or, without one, by complex steps."""
        if self.reference is not None:
            return {name: [self.reference(name, point)[0] for point in self.points] for name in self.names}
        return {
            gradient.name: [self._by_complex_step(gradient, point) for point in self.points]
            for gradient in self.config.gradients
        }

    @cached_property
    def numeric_errors(self) -> dict[str, list[float]]:
        """The relative errors of each numerical derivative: its own estimate, and its distance from the exact gradient."""
        return {
            name: [
                error
                for derivative, right in zip(self.numeric[name], self.exact[name], strict=True)
                for error in (derivative.error, relative_error(derivative.of(right), derivative.value))
            ]
            for name in self.names
        }

    @cached_property
    def ancestors(self) -> dict[str, list[str]]:
        """For each gradient those that it builds on, nearest first; empty without a solution."""
        if self.reference is None:
            return {name: [] for name in self.names}
        direct = {name: self.reference.upstream(name, self.points[0]) for name in self.names}
        return {name: _nearest_first(name, direct) for name in self.names}

    def fresh_point(self, source_hash: str) -> Point:
        """The sample point that only the file with this SHA-256 is checked at."""
        known = self._fresh_points
        if source_hash not in known:
            if len(known) == KEPT_POINTS:
                del known[next(iter(known))]
            known[source_hash] = make_fresh_point(self.config, self.graph, source_hash)
        return known[source_hash]

    @cached_property
    def _fresh_points(self) -> dict[str, Point]:
        """The latest ones: each is needed when its file runs, and again when its answers are checked."""
        return {}

    @cached_property
    def shapes(self) -> dict[str, tuple[str | int, ...]]:
        """The symbolic shape of each gradient, by name."""
        return {gradient.name: self.symbolic(gradient) for gradient in self.config.gradients}

    @cached_property
    def inconsistent_point(self) -> Point:
        """The sample point whose computed quantities contradict its inputs."""
        return make_inconsistent_point(self.config, self.graph)

    @cached_property
    def given(self) -> dict[str, Array]:
        """Each gradient at the inconsistent point, by a formula that uses the quantities as given."""
        if self.reference is None:
            return {}
        return {name: self.reference(name, self.inconsistent_point)[0] for name in self.names}

    @cached_property
    def recomputed(self) -> dict[str, tuple[dict[Recomputed, Array], dict[Recomputed, Array]]]:
        """Each gradient at the inconsistent point, for sets of quantities that are computed again."""
        if self.reference is None:
            return {}
        return {
            gradient.name: recomputed_gradients(
                self.graph, self.reference, self.inconsistent_point, gradient.name, gradient.of
            )
            for gradient in self.config.gradients
        }

    @property
    def names(self) -> list[str]:
        return [gradient.name for gradient in self.config.gradients]

    def symbolic(self, gradient: Gradient) -> tuple[str | int, ...]:
        """The symbolic shape of a gradient: that of what it is taken with respect to."""
        return self.config.shape_of(gradient.of)

    @property
    def most_entries(self) -> dict[str, int]:
        """How many entries each gradient has at most, over all sample points."""
        largest = {name: max(sizes) for name, sizes in self.config.dimensions.items()}
        return {
            gradient.name: math.prod(
                size if isinstance(size, int) else largest[size] for size in self.symbolic(gradient)
            )
            for gradient in self.config.gradients
        }

    def _differentiate(self, gradient: Gradient, point: Point) -> Derivative:
        check = self.config.checks.finite_difference
        shape = point.shape(self.symbolic(gradient))
        few = int(np.prod(shape)) <= check.max_entries
        directions = None if few else random_directions(shape, check.directions, int(self.config.steps.seed, 16))
        return differentiate(
            self.graph, point, gradient.of, method=check.method, step_size=check.step_size, directions=directions
        )

    def _by_complex_step(self, gradient: Gradient, point: Point) -> Array:
        derivative = differentiate(self.graph, point, gradient.of, method="complex_step")
        return derivative.value.reshape(point.shape(self.symbolic(gradient)))


def load_assignment(config: Config, folder: Path, *, with_solution: bool) -> Assignment:
    """Load every file that a config names, relative to the folder of the config.

    Raises:
        ConfigError: any of them cannot be used; the message says which, where and why.
    """
    computed = [name for name, quantity in config.quantities.items() if isinstance(quantity, Computed)]
    graph = Graph(folder / config.model, config.quantities, computed, config.loss)
    names = [gradient.name for gradient in config.gradients]
    if with_solution and not config.solution:
        raise ConfigError(
            f"{folder / 'config.yaml'}: expected `solution:`, the solved file, found none; grading needs it"
        )
    reference = Reference(folder / config.solution, names) if with_solution else None
    return Assignment(folder, config, graph, make_points(config, graph), reference)


def _nearest_first(name: str, direct: dict[str, frozenset[str]]) -> list[str]:
    found: list[str] = []
    level = sorted(direct[name])
    while level:
        found += [other for other in level if other not in found]
        level = sorted({further for other in level for further in direct[other]} - set(found))
    return found
