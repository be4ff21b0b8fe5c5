"""An assignment, loaded whole: config, model, solution, sample points, and the right gradient at each.

The only module that knows how these fit together; everything after it takes an `Assignment`.
"""

import contextlib
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from grader.config.dimensions import sized
from grader.config.keys import Config, Gradient
from grader.config.quantities import Computed
from grader.errors import ConfigError
from grader.problem.derivatives import Derivative, differentiate, is_zero, random_directions
from grader.problem.losses import numbers_per_evaluation
from grader.problem.model import Array, Graph, read_source
from grader.problem.points import Point, make_fresh_point, make_inconsistent_point, make_points, make_substitutes
from grader.problem.recompute import Recomputed, recomputed_gradients
from grader.problem.reference import AsSubmitted, Reference

KEPT_POINTS = 32
# Numbers that the perturbed losses of one gradient at one sample point may take; one that needs more is checked along random
# directions, or `grade` would take seconds to start.
MOST_NUMBERS = 2_000_000


@dataclass(frozen=True)
class Assignment:
    """Everything that is known about an assignment before a submission is seen.

    Attributes:
        folder: where config.yaml stands.
        solution: the right gradients, as written or derived from the model; None on a student's machine.
    """

    folder: Path
    config: Config
    graph: Graph
    points: list[Point]
    solution: Reference | None

    @property
    def at_home(self) -> bool:
        """On a student's machine: formulas are derived only once something is wrong."""
        return self.solution is None

    @cached_property
    def reference(self) -> Reference | None:
        """The right gradients as formulas; None at home where the model cannot be differentiated."""
        if self.solution is not None:
            return self.solution
        from grader.problem.derived import Derived

        try:
            known = self.by_complex_steps
            exact = known if len(known) == len(self.names) else None
            return Derived(self.config, self.graph, self.points, exact, at_one=True)
        except ConfigError:  # what is left are comparisons of numbers
            return None

    @cached_property
    def numeric(self) -> dict[str, list[Derivative]]:
        """The numerical derivative for each gradient, at each sample point."""
        return {
            gradient.name: [self._differentiate(gradient, point) for point in self.points]
            for gradient in self.config.gradients
        }

    @cached_property
    def exact(self) -> dict[str, list[Array]]:
        """Each gradient at each sample point to machine precision."""
        return {
            gradient.name: self.by_complex_steps.get(gradient.name)
            or [self.right(gradient, point) for point in self.points]
            for gradient in self.config.gradients
        }

    def right(self, gradient: Gradient, point: Point) -> Array:
        """A gradient at any sample point to machine precision: at home by complex steps, where the model allows them.

        Raises:
            ConfigError: the model allows neither these nor formulas; or the solution's has another shape.
        """
        if gradient.name not in self.by_complex_steps and self.reference is not None:
            value, of = self.reference(gradient.name, point)[0], gradient.of
            if value.shape != (shape := np.shape(point.values[of])):
                raise ConfigError(
                    f"config.yaml: {gradient.name} is the gradient of {of}, so expected the shape {shape}; the solution has"
                    f" {value.shape}"
                )
            return value
        try:
            return self._complex_step(gradient, point)
        except Exception as error:
            raise ConfigError(
                f"{self.graph.path}: {gradient.name} cannot be checked without the solution: the model can neither be"
                f" differentiated nor take complex numbers ({type(error).__name__}: {error})"
            ) from error

    @cached_property
    def by_complex_steps(self) -> dict[str, list[Array]]:
        """At home, the gradients that need no formula: complex steps agree with the numerical derivative."""
        tolerance, found = self.config.checks.finite_difference.tolerance, {}
        for gradient in self.config.gradients if self.at_home else ():
            with contextlib.suppress(Exception), np.errstate(all="ignore"):  # the model takes no complex numbers
                values = [self._complex_step(gradient, point) for point in self.points]
                numeric = self.numeric[gradient.name]
                if all(
                    one.error_of(value, point) <= tolerance
                    for one, value, point in zip(numeric, values, self.points, strict=True)
                ):
                    found[gradient.name] = values
        return found

    def prepare_checks(self) -> None:
        """Compute now what checks will need; what cannot be computed is reported by the check that does."""
        with contextlib.suppress(ConfigError), np.errstate(all="ignore"):
            for known in (self.numeric, self.exact):
                len(known)

    @cached_property
    def numeric_errors(self) -> dict[str, list[float]]:
        """The relative errors of each numerical derivative: its own estimate, and its distance from the exact gradient."""
        return {
            name: [
                error
                for derivative, right, point in zip(self.numeric[name], self.exact[name], self.points, strict=True)
                for error in derivative.errors(right, point)
            ]
            for name in self.names
        }

    @cached_property
    def zero(self) -> frozenset[str]:
        """The gradients that are zero at every sample point, but for rounding: such as that of a bias before a batch norm."""
        return frozenset(
            name
            for name in self.names
            if all(is_zero(right, point) for right, point in zip(self.exact[name], self.points, strict=True))
        )

    @cached_property
    def ancestors(self) -> dict[str, list[str]]:
        """For each gradient those that it builds on, nearest first; empty without formulas."""
        if self.reference is None:
            return {name: [] for name in self.names}
        direct = self.reference.upstream(self.points[0])
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

    def substitutes(self, source_hash: str, name: str) -> list[Array]:
        """What functions find in place of a gradient that gave no numbers, at each sample point; for one file alone."""
        return make_substitutes(self.config, source_hash, name, self.shapes_at_points[name])

    @cached_property
    def siblings(self) -> dict[str, tuple[str, ...]]:
        """For each gradient all that its function returns, itself among them."""
        functions = {name: self.config.function_of(name).name for name in self.names}
        return {name: tuple(one for one in self.names if functions[one] == functions[name]) for name in self.names}

    @cached_property
    def shapes(self) -> dict[str, tuple[str | int, ...]]:
        """The symbolic shape of each gradient, by name."""
        return {gradient.name: self.symbolic(gradient) for gradient in self.config.gradients}

    @cached_property
    def shapes_at_points(self) -> dict[str, list[tuple[int, ...]]]:
        """The shape of each gradient at each sample point, by name."""
        return {name: [point.shape(shape) for point in self.points] for name, shape in self.shapes.items()}

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
        sizes = [self.config.sizes(k) for k in range(self.config.size_sets)]
        return {
            gradient.name: max(math.prod(sized(self.symbolic(gradient), one)) for one in sizes)
            for gradient in self.config.gradients
        }

    def _differentiate(self, gradient: Gradient, point: Point) -> Derivative:
        check = self.config.checks.finite_difference
        shape = point.shape(self.symbolic(gradient))
        few = self.entry_by_entry(gradient, point)
        directions = None if few else random_directions(shape, check.directions, int(self.config.steps.seed, 16))
        return differentiate(
            self.graph,
            point,
            gradient.of,
            method=check.method,
            step_size=check.step_size,
            directions=directions,
            memory_mb=check.memory_mb,
        )

    def entry_by_entry(self, gradient: Gradient, point: Point) -> bool:
        """Whether a gradient is checked in every entry, and not along random directions, which is for large ones."""
        entries = math.prod(point.shape(self.symbolic(gradient)))
        numbers = entries * numbers_per_evaluation(self.graph, point.values, gradient.of)
        return entries <= self.config.checks.finite_difference.max_entries and numbers <= MOST_NUMBERS

    def _complex_step(self, gradient: Gradient, point: Point) -> Array:
        memory = self.config.checks.finite_difference.memory_mb
        derivative = differentiate(self.graph, point, gradient.of, method="complex_step", memory_mb=memory)
        return derivative.value.reshape(point.shape(self.symbolic(gradient)))


def load_assignment(config: Config, folder: Path, *, with_solution: bool) -> Assignment:
    """Load every file that a config names, relative to the folder of the config.

    Raises:
        ConfigError: any of them cannot be used; the message says which, where and why.
    """
    computed = [name for name, quantity in config.quantities.items() if isinstance(quantity, Computed)]
    graph = Graph(folder / config.model, config.quantities, computed, config.loss)
    points = make_points(config, graph)
    return Assignment(
        folder, config, graph, points, _reference(config, folder, graph, points) if with_solution else None
    )


def _reference(config: Config, folder: Path, graph: Graph, points: list[Point]) -> Reference:
    """The right gradients as functions of a sample point.

    The solution, where its functions take one; otherwise what is derived from the model, of which the solution is a second
    opinion, or the solution itself where the model cannot be differentiated.
    """
    names = [gradient.name for gradient in config.gradients]
    path = folder / config.solution
    if config.solution and config.is_plain:
        return Reference(path, names, read_source(path), graph)
    from grader.problem.derived import Derived

    if not config.solution:
        return Derived(config, graph, points, at_one=True)
    solution = AsSubmitted(path, names, read_source(path), graph, config.interface_data)
    try:
        return Derived(config, graph, points, at_one=True)
    except ConfigError:
        return solution


def _nearest_first(name: str, direct: dict[str, frozenset[str]]) -> list[str]:
    found: list[str] = []
    level = sorted(direct[name])
    while level:
        found += [other for other in level if other not in found]
        level = sorted({further for other in level for further in direct[other]} - set(found))
    return found
