"""numpy's functions for complex steps: for complex numbers, numpy has some of them not at all, and others with other derivatives.

To first order, which is all that a step of 1e-20 sees, f(x + ih) is f(x) + i h f'(x).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def _logaddexp(a: Array, b: Array) -> Array:
    found = np.logaddexp(a.real, b.real)
    return np.asarray(found + 1j * (a.imag * np.exp(a.real - found) + b.imag * np.exp(b.real - found)))


def _arctan2(y: Array, x: Array) -> Array:
    angle = np.arctan2(y.real, x.real)
    return np.asarray(angle + 1j * (y.imag * x.real - x.imag * y.real) / (x.real**2 + y.real**2))


def _hypot(x: Array, y: Array) -> Array:
    found = np.hypot(x.real, y.real)
    return np.asarray(found + 1j * (x.imag * x.real + y.imag * y.real) / found)


def _cbrt(z: Array) -> Array:
    found = np.cbrt(z.real)
    return np.asarray(found + 1j * z.imag / (3 * found**2))


# |x| is x or -x, by the sign of the real part.
UFUNCS: dict[np.ufunc, Callable[..., Array]] = {
    np.absolute: lambda z: np.where(z.real < 0, -z, z),
    np.fabs: lambda z: np.where(z.real < 0, -z, z),
    np.sign: lambda z: np.sign(z.real) + 0j,
    np.logaddexp: _logaddexp,
    np.arctan2: _arctan2,
    np.hypot: _hypot,
    np.cbrt: _cbrt,
}


def of_complex(ufunc: np.ufunc, inputs: list[Any]) -> Array | None:
    """The result of a ufunc from this table; None where numpy's own is right, as for real numbers."""
    if ufunc not in UFUNCS or not any(map(np.iscomplexobj, inputs)):
        return None
    return UFUNCS[ufunc](*map(np.asarray, inputs))


# Of any kind of array that has numpy's methods


def variance(
    x: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: int = 0, keepdims: bool = False
) -> Any:
    """np.var, whose own is real."""
    centred = x - x.mean(axis=axis, keepdims=True)
    lengths = x.shape if axis is None else [x.shape[each] for each in (axis if isinstance(axis, tuple) else (axis,))]
    return (centred**2).sum(axis=axis, keepdims=keepdims) / (math.prod(lengths) - ddof)


def deviation(x: Any, *args: Any, **kwargs: Any) -> Any:
    """np.std, whose own is real."""
    return np.sqrt(variance(x, *args, **kwargs))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """np.linalg.norm, whose own is real: the Euclidean one.

    Raises:
        TypeError: it is another one.
    """
    if ord not in (None, 2, "fro") or (ord == 2 and axis is None and x.ndim > 1):
        raise TypeError(f"np.linalg.norm with ord={ord!r} has no derivative by complex steps")
    return np.sqrt((x**2).sum(axis=axis, keepdims=keepdims))
