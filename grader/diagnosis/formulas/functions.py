"""The functions of one array that the model defines, their derivatives, and those that students confuse them with.

What a model's functions are like is found by evaluating them.  Derivatives are by complex steps.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.problem.model import Array

T = 1e-20
PROBE = np.linspace(-1.5, 1.5, 7)[None, :]


def _relu(a: Array) -> Array:
    return np.asarray(np.where(a.real > 0, a, 0.0))


COMMON: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "relu": _relu,
    "exp": np.exp,
    "log": np.log,
    "logistic": lambda a: 1 / (1 + np.exp(-a)),
}

# What models write out in the middle of a formula, and the derivation keeps whole.
WRITTEN_OUT: dict[str, Callable[[Array], Array]] = {
    "sigmoid": COMMON["logistic"],
    "softmax": lambda a: _normalized(np.exp(a - a.real.max(axis=-1, keepdims=True))),
}


def _normalized(a: Array) -> Array:
    return np.asarray(a / a.sum(axis=-1, keepdims=True))


class Functions:
    """Functions by name: the model's own first, then the usual ones.

    Attributes:
        own: names of those that the model defines, or writes out.
        entrywise: whether each entry of the result depends on its own entry alone.
    """

    def __init__(self, module: dict[str, Any], excluded: set[str]) -> None:
        self._functions: dict[str, Callable[[Array], Array]] = {}
        self.entrywise: dict[str, bool] = {}
        for name, function in module.items():
            takes_one = inspect.isfunction(function) and len(inspect.signature(function).parameters) == 1
            if takes_one and name not in excluded:
                self._add(name, function)
        self.own = tuple(self._functions)
        for name, function in COMMON.items():
            with np.errstate(all="ignore"):
                known = any(np.allclose(function(PROBE), self._functions[own](PROBE)) for own in self.own)
            if not known:
                self._functions[name] = function
                self.entrywise[name] = True

    def adopt(self, name: str) -> None:
        """One that the model writes out takes the place of the usual one that it is."""
        function = WRITTEN_OUT.get(name)
        if function is None or name in self._functions:
            return
        same = [usual for usual in COMMON if usual in self._functions and COMMON[usual] is function]
        kept = {usual: self._functions.pop(usual) for usual in set(self._functions) - set(self.own) - set(same)}
        for usual in same:
            del self._functions[usual]
        self._add(name, function)
        self.own = (*self.own, name)
        self._functions.update({usual: kept[usual] for usual in COMMON if usual in kept})

    def _add(self, name: str, function: Callable[[Array], Array]) -> None:
        try:
            value = np.asarray(function(PROBE))
            if value.shape != PROBE.shape or not np.isfinite(value).all():
                return
            self._functions[name] = function
            jacobian = self.jacobian(name, PROBE)
            self.entrywise[name] = bool(np.allclose(jacobian, np.diag(np.diag(jacobian)), atol=1e-12))
        except Exception:
            self._functions.pop(name, None)  # a helper that does not take such an array is of no interest

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._functions)

    def operation(self, kind: str) -> Callable[..., Array]:
        """What an expression of this kind computes: fn, derivative, second_derivative or jacobian."""
        return self.value if kind == "fn" else getattr(self, kind)

    def value(self, name: str, a: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(self._functions[name](a))

    def derivative(self, name: str, a: Array) -> Array:
        """d f(a)_i / d a_i, the shape of `a`; the diagonal of the Jacobian where entries depend on one another."""
        if self.entrywise[name]:
            with np.errstate(all="ignore"):  # log has a complex value where it has no real one
                inside = np.isfinite(self._functions[name](a))
                return np.asarray(np.where(inside, self._functions[name](a + 1j * T).imag / T, np.nan))
        rows = a.reshape(-1, a.shape[-1])
        return np.asarray(np.stack([np.diag(self.jacobian(name, row[None, :])) for row in rows]).reshape(a.shape))

    def second_derivative(self, name: str, a: Array) -> Array:
        """The second derivative, by an eighth-order difference of the first: exact to about 1e-13."""
        h, total = 0.02, np.zeros(a.shape)
        for k, weight in {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}.items():
            total = total + weight * (self.derivative(name, a + k * h) - self.derivative(name, a - k * h))
        return np.asarray(total / h)

    def jacobian(self, name: str, a: Array) -> Array:
        """d f(a)_k / d a_j of a row `a` (1, n): (n, n).  Several rows have one each, which no matrix holds."""
        if a.ndim != 2 or a.shape[0] != 1:
            raise ValueError(f"expected one row, got shape {a.shape}")
        n, function = a.size, self._functions[name]
        stacked = a.reshape(1, n) + 1j * T * np.eye(n)
        together = np.asarray(function(stacked))
        if together.shape == stacked.shape and np.array_equal(together[-1:], function(stacked[-1:])):
            return np.asarray(together.imag.T / T)
        columns = [np.asarray(function(row[None, :])).imag.reshape(n) / T for row in stacked]
        return np.stack(columns, axis=1)
