"""The solved gradients: called at a sample point, with any of the gradients that they build on replaced by other numbers.

The calls that the solution's functions make show which gradient builds on which.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from grader.errors import ConfigError, did_you_mean
from grader.problem.model import Array, Graph, load_module
from grader.problem.points import Point
from grader.sandbox.shared.interface import Interface, Missing

Namespace = dict[str, Any]


class Reference:
    """The right gradients as functions of a sample point.

    Attributes:
        path: the file that they come from.
        source: their code.
    """

    def __init__(self, path: Path, names: list[str], source: bytes, graph: Graph) -> None:
        """Load them from `source`.

        Raises:
            ConfigError: it does not run, or lacks one of the functions `names`.
        """
        self.path = path
        self.names = names
        self.source = source
        self._namespace = self._loaded(source, graph)

    def _loaded(self, source: bytes, graph: Graph) -> Namespace:
        with graph.importable():
            namespace = vars(load_module(source, self.path, "solution"))
        for name in self.names:
            if not callable(namespace.get(name)):
                functions = [n for n, value in namespace.items() if callable(value)]
                raise ConfigError(
                    f"{self.path}: expected a function {name}(s), found none{did_you_mean(name, functions)}"
                )
        return namespace

    def _namespace_at(self, point: Point) -> Namespace:
        """The functions for the sizes of a point: the same everywhere."""
        return self._namespace

    def __call__(self, name: str, point: Point, own: Mapping[str, Array] | None = None) -> tuple[Array, frozenset[str]]:
        """The gradient `name` at `point`, and which of the gradients in `own` it used instead of its own.

        Raises:
            ConfigError: the solution's function raises.
        """
        given = self._namespace_at(point)
        if not own:
            return self._called(given, name, point, {}, set()), frozenset()
        used: set[str] = set()

        def replaced(gradient: str, value: Array) -> Callable[..., Array]:
            def give(*_: Any, **__: Any) -> Array:
                used.add(gradient)
                return value

            return give

        namespace = dict(given)
        for key, value in given.items():
            if isinstance(value, FunctionType) and value.__globals__ is given:
                namespace[key] = _rebound(value, namespace)
        namespace.update({gradient: replaced(gradient, value) for gradient, value in own.items()})
        if name in own and name in given:
            namespace[name] = _rebound(given[name], dict(namespace))
        others = {gradient: value for gradient, value in own.items() if gradient != name}
        return self._called(namespace, name, point, others, used), frozenset(used)

    def _called(self, namespace: Namespace, name: str, point: Point, own: Mapping[str, Array], used: set[str]) -> Array:
        try:
            value = self._returned(namespace, name, SimpleNamespace(**point.values), own, used)
            return np.asarray(value, dtype=float)
        except Exception as error:
            raise ConfigError(f"{self.path}: {name} does not run: {type(error).__name__}: {error}") from error

    def _returned(
        self, namespace: Namespace, name: str, values: SimpleNamespace, own: Mapping[str, Array], used: set[str]
    ) -> Any:
        """What the function of a gradient returns; those of `own` that it is given as arguments are added to `used`."""
        return namespace[name](values)

    def upstream(self, point: Point) -> dict[str, frozenset[str]]:
        """For each gradient those that it calls directly."""
        values = {name: self(name, point)[0] for name in self.names}
        return {
            name: self(name, point, {other: value for other, value in values.items() if other != name})[1]
            for name in self.names
        }


class AsSubmitted(Reference):
    """A solution whose functions are called as students' are: with ordinary arguments, or for several gradients at once.

    It stands in for what is derived from the model where that cannot be differentiated.  Its formulas are not read, so its
    `source` is empty.
    """

    def __init__(self, path: Path, names: list[str], source: bytes, graph: Graph, described: dict[str, Any]) -> None:
        self._described = described
        super().__init__(path, names, source, graph)
        self.source = b""

    def _loaded(self, source: bytes, graph: Graph) -> Namespace:
        with graph.importable():
            namespace = vars(load_module(source, self.path, "solution"))
        interface = Interface(self._described, namespace)
        for name in self.names:
            try:
                interface.function(name)
            except Missing as missing:
                wanted = interface.declared(name).name
                why = str(missing) or f"expected {wanted}, found none{did_you_mean(wanted, list(namespace))}"
                raise ConfigError(f"{self.path}: {why}") from missing
        return namespace

    def _returned(
        self, namespace: Namespace, name: str, values: SimpleNamespace, own: Mapping[str, Array], used: set[str]
    ) -> Any:
        interface = Interface(self._described, namespace, own)
        function, owner = interface.function(name)
        value, remark = interface.output(name, interface.call(name, values, function, owner), owner)
        used.update(interface.used)
        if value is None:
            raise TypeError(remark or "it returns None")
        return value


def _rebound(function: FunctionType, namespace: dict[str, Any]) -> FunctionType:
    """The same function, looking up global names in `namespace`."""
    copy = FunctionType(function.__code__, namespace, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy
