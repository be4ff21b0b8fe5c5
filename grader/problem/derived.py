"""The right gradients, derived from the model itself: what stands in for `solutions/gradients.py` where there is none."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from grader.config.keys import Config
from grader.config.quantities import Bernoulli, Computed, Index, Sign
from grader.derivation import Formula, Model, Unreadable, derive, write_solution
from grader.derivation import Point as Inputs
from grader.derivation.derivation import Derivation
from grader.derivation.formula import TOLERANCE
from grader.derivation.numerical import Plain
from grader.derivation.writing.signatures import Called, Calling, as_called
from grader.errors import ConfigError
from grader.problem.derivatives import is_zero, relative_error
from grader.problem.model import Array, Graph
from grader.problem.points import Point
from grader.problem.reference import Namespace, Reference

MAX_KEPT = 64  # namespaces of single points
WRITE_THEM = "; write the gradients yourself, and name the file: `solution:`"


def derived_formulas(
    config: Config, graph: Graph, points: Sequence[Point], model: Model | None = None, sign: int = 1
) -> dict[str, Formula]:
    """The formula of each gradient, each checked against the numerical derivative at all `points`.

    Args:
        model: the model as read before; None to read its file.
        sign: -1 for the gradients of minus the loss.

    Raises:
        ConfigError: the model has a construct that cannot be differentiated, or a formula fails that check.
    """
    for k, point in enumerate(points, start=1):
        if not np.isfinite(point.values[config.loss]):
            raise ConfigError(f"{graph.path}: {config.loss}: expected a finite number at sample point {k}, found none")
    try:
        formulas = _derive(config, model or graph.path, points, sign)
    except Unreadable as error:
        raise ConfigError(f"{error}{WRITE_THEM}") from error
    for formula in formulas.values():
        if not formula.verified:
            raise ConfigError(
                f"{graph.path}: {formula.name}: the derived formula {formula.text} does not match the numerical derivative"
                f" (relative error {formula.error:.1e}){WRITE_THEM}"
            )
    return formulas


def _derive(config: Config, model: Model | Path, points: Sequence[Point], sign: int = 1) -> dict[str, Formula]:
    wanted = {gradient.name: gradient.of for gradient in config.gradients}
    inputs = [inputs_of(config, point) for point in points]
    return derive(model, points=inputs, wrt=wanted, loss=config.loss, sign=sign)


def largest_of(points: Sequence[Point]) -> int:
    """The sample point with the largest sizes: there the steps of a loop are most easily told apart."""
    return max(range(len(points)), key=lambda k: sum(points[k].sizes.values()))


class Derived(Reference):
    """The derived gradients.

    A formula is derived at sample points: another branch of an `if`, or a loop of another length, may give another one.  So at
    each point the formulas are compared with the numerical derivative there and, where they differ, derived anew.

    Attributes:
        formulas: by the gradient's name.
    """

    def __init__(
        self,
        config: Config,
        graph: Graph,
        points: Sequence[Point],
        exact: Mapping[str, Sequence[Array]] | None = None,
        *,
        at_one: bool = False,
    ) -> None:
        """Derive them.

        Args:
            exact: the gradients at all points, where they are known.
            at_one: derive them at one point only, where these formulas are right at all of them.

        Raises:
            ConfigError: see `derived_formulas`.
        """
        self._config, self._graph = config, graph
        self._known: OrderedDict[int, tuple[Point, Namespace]] = OrderedDict()
        if at_one and self._derived_at_one(points, exact):
            return
        self._known.clear()
        self._use(derived_formulas(config, graph, points))
        if all(formula.general for formula in self.formulas.values()):  # one code, compared at all these points
            self._keep(points)

    def _use(self, formulas: dict[str, Formula]) -> None:
        self.formulas = formulas
        source = write_solution(formulas.values())
        super().__init__(self._graph.path, list(formulas), source.encode(), self._graph)

    def _keep(self, points: Sequence[Point]) -> None:
        self._known.update({id(point): (point, self._namespace) for point in points[:MAX_KEPT]})

    def _derived_at_one(self, points: Sequence[Point], exact: Mapping[str, Sequence[Array]] | None) -> bool:
        """Whether what is derived at the largest point is right at all of them: then these are the formulas."""
        largest = points[largest_of(points)]
        try:
            self._use(_derive(self._config, self._graph.path, [largest]))
            self._keep(points)
            if exact is None:
                return all(self._matches(point, self._namespace) for point in points)
            return all(
                _agree(self(name, point)[0], right, point)
                for name, values in exact.items()
                for point, right in zip(points, values, strict=True)
            )
        except (Unreadable, ConfigError):  # deriving at all points tells why
            return False

    def _matches(self, point: Point, namespace: Namespace) -> bool:
        """Whether these functions give the numerical derivative at a point."""
        s = SimpleNamespace(**point.values)
        try:
            with np.errstate(all="ignore"):
                plain = Plain(self.derivation.model, inputs_of(self._config, point), self._config.loss)
                return all(
                    plain.error(one.of, np.asarray(namespace[one.name](s))) <= TOLERANCE
                    for one in self._config.gradients
                )
        except Exception:  # written out for other sizes
            return False

    @property
    def derivation(self) -> Derivation:
        """What the formulas are derived from."""
        return next(iter(self.formulas.values())).derivation

    def _namespace_at(self, point: Point) -> Namespace:
        if not point.consistent:  # no formula is right there
            return self._namespace
        key = id(point)  # which is kept beside it, so that no other point gets this number
        if key not in self._known:
            self._known[key] = (point, self._right_at(point))
            if len(self._known) > MAX_KEPT:
                self._known.popitem(last=False)
        return self._known[key][1]

    def _right_at(self, point: Point) -> Namespace:
        """The functions that give the numerical derivative at a point.

        Raises:
            ConfigError: there are none.
        """
        if self._matches(point, self._namespace):
            return self._namespace
        formulas = derived_formulas(self._config, self._graph, [point], self.derivation.model)
        return self._loaded(write_solution(formulas.values()).encode(), self._graph)


def _agree(value: Array, right: Array, point: Point) -> bool:
    """Whether a value is right; of a gradient that is zero, rounding leaves any number that is as small."""
    return relative_error(value, right) <= TOLERANCE or (is_zero(value, point) and is_zero(right, point))


def as_submitted(config: Config, source: str) -> str:
    """A file of functions of a sample point, rewritten as students' functions are called.

    Raises:
        CannotBeWritten: it uses what they are not given, or is more than a list of statements.
    """
    functions = [Called(one.name, one.returns, one.parameters, one.attributes) for one in config.asked]
    names = [gradient.name for gradient in config.gradients]
    return as_called(
        source, names, Calling(functions, list(config.quantities), config.groups, config.interface == "parameters")
    )


def inputs_of(config: Config, point: Point) -> Inputs:
    drawn = {name: point.values[name] for name, one in config.quantities.items() if not isinstance(one, Computed)}
    return Inputs(drawn, point.sizes, discrete_of(config))


def discrete_of(config: Config) -> frozenset[str]:
    """The quantities of independent whole numbers."""
    return frozenset(name for name, one in config.quantities.items() if isinstance(one, Bernoulli | Index | Sign))
