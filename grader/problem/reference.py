"""The solved gradients: called at a sample point, with any of the gradients that they build on replaced by other numbers.

The calls that the solution's functions make show which gradient builds on which.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from grader.errors import ConfigError, did_you_mean
from grader.problem.model import Array, load_module
from grader.problem.points import Point


class Reference:
    """The functions of `solutions/gradients.py`."""

    def __init__(self, path: Path, names: list[str]) -> None:
        """Load the file.

        Raises:
            ConfigError: it is missing, does not run, or lacks one of the functions `names`.
        """
        self.path = path
        self.names = names
        module, self.source = load_module(path, "solution")
        self._namespace = vars(module)
        for name in names:
            if not callable(self._namespace.get(name)):
                functions = [n for n, value in self._namespace.items() if callable(value)]
                raise ConfigError(f"{path}: expected a function {name}(s), found none{did_you_mean(name, functions)}")

    def __call__(self, name: str, point: Point, own: Mapping[str, Array] | None = None) -> tuple[Array, frozenset[str]]:
        """The gradient `name` at `point`, and which of the gradients in `own` it used instead of its own.

        Raises:
            ConfigError: the solution's function raises.
        """
        if not own:
            return self._called(self._namespace[name], name, point), frozenset()
        used: set[str] = set()

        def replaced(gradient: str, value: Array) -> Callable[[Any], Array]:
            def give(_: Any) -> Array:
                used.add(gradient)
                return value

            return give

        namespace = dict(self._namespace)
        for key, value in self._namespace.items():
            if isinstance(value, FunctionType) and value.__globals__ is self._namespace:
                namespace[key] = _rebound(value, namespace)
        namespace.update({gradient: replaced(gradient, value) for gradient, value in own.items()})
        function = namespace[name] if name not in own else _rebound(self._namespace[name], namespace)
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
