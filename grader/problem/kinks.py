"""Kinks, where a loss has no derivative: a ReLU or an absolute value at 0, a maximum of equal numbers.

The model runs on arrays that note each comparison: how near its two sides are, and which side it takes.  They also make complex
steps right: for complex numbers, numpy has some functions not at all, and others with other derivatives.
"""

import math
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

import msgspec
import numpy as np

from grader.problem.model import Array, Graph

_TWO_SIDES = (np.maximum, np.minimum, np.fmax, np.fmin, np.greater, np.greater_equal, np.less, np.less_equal)
_AT_ZERO = (np.absolute, np.fabs, np.sign, np.heaviside)
_LARGEST = (np.maximum, np.fmax)
_NEAR = 1e-9


class Kink(msgspec.Struct, frozen=True):
    """One comparison in a run of the model.

    Attributes:
        function: the model's function that it is in.
        margin: how near the two sides are, the smallest distance over all entries.
        sides: whether some entry is below, and whether some entry is above; both for a maximum over an axis.
        entries: how many are compared.
        pattern: which side each entry takes.
        ties: how many maxima over an axis are of several equal numbers.
    """

    function: str
    margin: float
    sides: tuple[bool, bool]
    entries: int
    pattern: bytes
    ties: int = 0


class _Notes(msgspec.Struct):
    kinks: list[Kink] = []
    function: str = ""

    def add_difference(self, difference: Array) -> None:
        above = difference > 0
        margin = float(np.min(np.abs(difference)))
        sides = (not above.all(), bool(above.any()))
        self.kinks.append(Kink(self.function, margin, sides, above.size, np.packbits(above).tobytes()))

    def add_extreme(self, array: Array, axis: Any) -> None:
        """A maximum over an axis: the distance of the two largest numbers, of equal ones none."""
        axes = range(array.ndim) if axis is None else np.atleast_1d(axis) % array.ndim
        kept = [i for i in range(array.ndim) if i not in axes]
        rows = array.transpose([*kept, *axes]).reshape(int(np.prod([array.shape[i] for i in kept])), -1)
        if rows.shape[1] < 2 or not rows.size:
            return
        gaps = np.diff(np.partition(rows, -2, axis=1)[:, -2:], axis=1)
        apart = gaps[gaps > 0]
        margin = float(np.min(apart)) if apart.size else float("inf")
        ties = int(np.sum(gaps == 0))
        self.kinks.append(Kink(self.function, margin, (True, True), len(rows), np.argmax(rows, axis=1).tobytes(), ties))


_NOTES: ContextVar[_Notes | None] = ContextVar("notes", default=None)


class Watched(np.ndarray[Any, Any]):
    """An array that notes comparisons and is analytic, see above; what is computed from it is one, too."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        plain = [_plain(value) for value in inputs]
        if (notes := _NOTES.get()) is not None:
            _note(notes, ufunc, method, plain, kwargs)
        if method == "__call__" and (own := of_complex(ufunc, plain)) is not None:
            return watched(own)
        if ufunc is np.matmul and np.iscomplexobj(plain[0]) != np.iscomplexobj(plain[1]):
            plain = [np.asarray(value, dtype=complex) for value in plain]  # or numpy converts as it goes, without BLAS
        if out is not None:
            kwargs["out"] = tuple(_plain(value) for value in out)
        result = getattr(ufunc, method)(*plain, **kwargs)
        if out is not None and len(out) == 1:
            return out[0]
        return tuple(map(watched, result)) if isinstance(result, tuple) else watched(result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.linalg.norm and np.iscomplexobj(self):
            return norm(*args, **kwargs)
        return super().__array_function__(function, types, args, kwargs)

    def var(self, *args: Any, **kwargs: Any) -> Any:
        return variance(self, *args, **kwargs)

    def std(self, *args: Any, **kwargs: Any) -> Any:
        return deviation(self, *args, **kwargs)

    def __getitem__(self, key: Any) -> Any:
        return watched(self.view(np.ndarray)[_plain(key)])

    def argmax(self, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
        return self._noted_extreme(1, axis).argmax(axis, *args, **kwargs)

    def argmin(self, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
        return self._noted_extreme(-1, axis).argmin(axis, *args, **kwargs)

    def _noted_extreme(self, sign: int, axis: Any) -> Array:
        plain = _plain(self)
        if (notes := _NOTES.get()) is not None and plain.dtype.kind in "fc":
            notes.add_extreme(sign * plain.real, axis)
        return np.asarray(plain)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Watched) else value


def watched(value: Any) -> Any:
    """Real and complex numbers as a watched array; anything else as it is."""
    if isinstance(value, np.ndarray | np.generic | float | complex) and np.asarray(value).dtype.kind in "fc":
        return np.asarray(value).view(Watched)
    return value


def _note(notes: _Notes, ufunc: np.ufunc, method: str, inputs: list[Any], kwargs: Mapping[str, Any]) -> None:
    arrays = [np.asarray(value) for value in inputs]
    if not any(array.dtype.kind in "fc" for array in arrays) or not all(array.size for array in arrays):
        return
    real = [array.real for array in arrays]
    if method == "__call__":
        if ufunc in _TWO_SIDES:
            notes.add_difference(np.asarray(real[0] - real[1]))
        elif ufunc in _AT_ZERO:
            notes.add_difference(real[0])
        elif ufunc.__name__ == "clip":
            for bound in real[1:]:
                notes.add_difference(np.asarray(real[0] - bound))
    elif method == "reduce" and ufunc in (*_LARGEST, np.minimum, np.fmin):
        notes.add_extreme(real[0] if ufunc in _LARGEST else -real[0], kwargs.get("axis", 0))


def _while_watched(value: Any) -> Any:
    """What replaces Python's `max` and `min` in a model that is watched: of equal numbers they note a tie, as numpy's do."""
    of_many = np.max if value is max else np.min if value is min else None
    if of_many is None:
        return value

    def extreme(*values: Any, **options: Any) -> Any:
        numbers = len(values) > 1 and not options and any(isinstance(each, Watched) for each in values)
        if numbers and all(np.ndim(each) == 0 for each in values):
            return of_many(watched(np.array([_plain(each) for each in values])))
        return value(*values, **options)

    return extreme


def kinks_of(graph: Graph, values: Mapping[str, Any], names: tuple[str, ...] | None = None) -> list[Kink]:
    """Every comparison in the functions `names` of the model, by default all of them; none where it cannot be watched."""
    notes = _Notes()
    token = _NOTES.set(notes)
    known = {name: watched(value) for name, value in values.items()}
    try:
        functions = graph.functions_with(_while_watched)
        with np.errstate(all="ignore"):
            for name in graph.order if names is None else names:
                notes.function = name
                known[name] = watched(functions[name](*[known[each] for each in graph.parameters[name]]))
    except Exception:
        return []
    finally:
        _NOTES.reset(token)
    return notes.kinks


def breaks_ties(graph: Graph, values: Mapping[str, Any], node: str) -> bool:
    """Whether the loss has no derivative by a quantity, because the model takes a maximum of equal numbers of it.

    A ReLU makes zeros, and a window of zeros is such a maximum.  By what the ReLU is computed from there is a derivative: a small
    change of that leaves the zeros equal.
    """
    names = graph.downstream(node)
    here = np.asarray(values[node], dtype=float)
    moved = here + _NEAR * np.random.default_rng(0).standard_normal(here.shape)
    before, after = (
        sum(kink.ties for kink in kinks_of(graph, {**values, node: value}, names)) for value in (here, moved)
    )
    return after < before


def patterns(kinks: list[Kink]) -> list[tuple[str, bytes]]:
    """Which sides a run of the model takes: two runs with the same ones have no kink between them, as far as is seen."""
    return [(kink.function, kink.pattern) for kink in kinks]


# Functions for complex steps.  To first order, which is all that a step of 1e-20 sees, f(x + ih) is f(x) + i h f'(x).


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
