"""The right gradients, derived from the model itself: what stands in for `solutions/gradients.py` where there is none."""

from collections import OrderedDict
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np

from grader.config.keys import Config
from grader.config.quantities import Computed
from grader.derivation import Formula, Model, Unreadable, derive, write_solution
from grader.derivation import Point as Inputs
from grader.derivation.formula import TOLERANCE
from grader.derivation.numerical import Plain
from grader.derivation.writing.signatures import Called, Calling, as_called
from grader.errors import ConfigError
from grader.problem.model import Graph
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
    wanted = {gradient.name: gradient.of for gradient in config.gradients}
    try:
        inputs = [inputs_of(config, point) for point in points]
        formulas = derive(model or graph.path, points=inputs, wrt=wanted, loss=config.loss, sign=sign)
    except Unreadable as error:
        raise ConfigError(f"{error}{WRITE_THEM}") from error
    for formula in formulas.values():
        if not formula.verified:
            raise ConfigError(
                f"{graph.path}: {formula.name}: the derived formula {formula.text} does not match the numerical derivative"
                f" (relative error {formula.error:.1e}){WRITE_THEM}"
            )
    return formulas


class Derived(Reference):
    """The derived gradients.

    A formula is derived at sample points: another branch of an `if`, or a loop of another length, may give another one.  So at
    each point the formulas are compared with the numerical derivative there and, where they differ, derived anew.

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
        self._model = next(iter(self.formulas.values())).derivation.model
        self._known: OrderedDict[int, tuple[Point, Namespace]] = OrderedDict()
        if all(formula.general for formula in self.formulas.values()):  # one code, compared at all these points
            self._known.update({id(point): (point, self._namespace) for point in points[:MAX_KEPT]})

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
        plain = Plain(self._model, inputs_of(self._config, point), self._config.loss)
        s = SimpleNamespace(**point.values)
        try:
            with np.errstate(all="ignore"):
                errors = [
                    plain.error(one.of, np.asarray(self._namespace[one.name](s))) for one in self._config.gradients
                ]
            if all(error <= TOLERANCE for error in errors):
                return self._namespace
        except Exception:  # noqa: S110, written out for other sizes
            pass
        formulas = derived_formulas(self._config, self._graph, [point], self._model)
        return self._loaded(write_solution(formulas.values()).encode(), self._graph)


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
    return Inputs(drawn, point.sizes)
