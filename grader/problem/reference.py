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
            return self._called(given[name], name, point), frozenset()
        used: set[str] = set()

        def replaced(gradient: str, value: Array) -> Callable[[Any], Array]:
            def give(_: Any) -> Array:
                used.add(gradient)
                return value

            return give

        namespace = dict(given)
        for key, value in given.items():
            if isinstance(value, FunctionType) and value.__globals__ is given:
                namespace[key] = _rebound(value, namespace)
        namespace.update({gradient: replaced(gradient, value) for gradient, value in own.items()})
        function = namespace[name] if name not in own else _rebound(given[name], namespace)
        return self._called(function, name, point), frozenset(used)

    def _called(self, function: Callable[[Any], Any], name: str, point: Point) -> Array:
        try:
            return np.asarray(function(SimpleNamespace(**point.values)), dtype=float)
        except Exception as error:
            raise ConfigError(f"{self.path}: {name} does not run: {type(error).__name__}: {error}") from error

    def upstream(self, name: str, point: Point) -> frozenset[str]:
        """The gradients that `name` calls directly."""
        values = {other: self(other, point)[0] for other in self.names if other != name}
        return self(name, point, values)[1]


def _rebound(function: FunctionType, namespace: dict[str, Any]) -> FunctionType:
    """The same function, looking up global names in `namespace`."""
    copy = FunctionType(function.__code__, namespace, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy
