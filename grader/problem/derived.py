"""The right gradients, derived from the model itself: what stands in for `solutions/gradients.py` where there is none."""

from collections.abc import Sequence

from grader.config.keys import Computed, Config
from grader.derivation import Formula, Unreadable, derive, write_solution
from grader.derivation import Point as Inputs
from grader.errors import ConfigError
from grader.problem.model import Graph
from grader.problem.points import Point
from grader.problem.reference import Namespace, Reference


def derived_formulas(config: Config, graph: Graph, points: Sequence[Point]) -> dict[str, Formula]:
    """The formula of each gradient, each checked against the numerical derivative at all `points`.

    Raises:
        ConfigError: the model has a construct that cannot be differentiated, or a formula fails that check.
    """
    inputs = [Inputs(_drawn(config, point), point.sizes) for point in points]
    wanted = {gradient.name: gradient.of for gradient in config.gradients}
    try:
        formulas = derive(graph.path, points=inputs, wrt=wanted, loss=config.loss)
    except Unreadable as error:
        raise ConfigError(f"{error}; write the gradients yourself, and name the file: `solution:`") from error
    for formula in formulas.values():
        if not formula.verified:
            raise ConfigError(
                f"{graph.path}: {formula.name}: the derived formula {formula.text} does not match the numerical derivative"
                f" (relative error {formula.error:.1e}); write the gradients yourself, and name the file: `solution:`"
            )
    return formulas


class Derived(Reference):
    """The derived gradients.  Where a loop of the model had to be written out, they differ with the sizes of a point.

    Attributes:
        formulas: by the gradient's name.
    """

    def __init__(self, config: Config, graph: Graph, points: Sequence[Point]) -> None:
        """Derive them.

        Raises:
            ConfigError: see `derived_formulas`.
        """
        self.formulas = derived_formulas(config, graph, points)
        source = write_solution(self.formulas.values())
        super().__init__(graph.path, list(self.formulas), source.encode(), graph)
        self._config, self._graph = config, graph
        self._general = all(formula.general for formula in self.formulas.values())
        self._by_sizes = {_key(points[0]): self._namespace}

    def _namespace_at(self, point: Point) -> Namespace:
        if self._general:
            return self._namespace
        key = _key(point)
        if key not in self._by_sizes:
            formulas = derived_formulas(self._config, self._graph, [point])
            source = write_solution(formulas.values())
            self._by_sizes[key] = self._loaded(source.encode(), self._graph)
        return self._by_sizes[key]


def _drawn(config: Config, point: Point) -> dict[str, object]:
    return {name: point.values[name] for name, one in config.quantities.items() if not isinstance(one, Computed)}


def _key(point: Point) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(point.sizes.items()))
