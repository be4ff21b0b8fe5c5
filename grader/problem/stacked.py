"""Many values of one array at once, which a model takes for a single array: its functions run once for all of them.

A stack has the shape of one of its values.  Whatever it cannot do raises, and the values are then taken one by one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from grader.problem.kinks import deviation, norm, of_complex, variance
from grader.problem.model import Array

_REDUCTIONS = (np.sum, np.mean, np.prod, np.max, np.min)
_ALONG_AXIS = (np.expand_dims, np.squeeze, np.flip, np.roll, np.cumsum)
_FILLED = (np.zeros_like, np.ones_like, np.empty_like)
_PROPERTIES = (np.shape, np.ndim, np.real)
_METHODS = (np.reshape, np.transpose, np.swapaxes, np.ravel, np.copy, np.var, np.std)


class Stack(NDArrayOperatorsMixin):
    """Values of one shape: `values` has one after the other along its first axis."""

    def __init__(self, values: Array) -> None:
        self._values = values

    @property
    def values(self) -> Array:
        return self._values

    # What an array tells of itself

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.values.shape[1:])

    @property
    def ndim(self) -> int:
        return self.values.ndim - 1

    @property
    def size(self) -> int:
        return int(self.values[0].size)

    @property
    def dtype(self) -> Any:
        return self.values.dtype

    @property
    def real(self) -> "Stack":
        return self._made(self.values.real)

    @property
    def T(self) -> "Stack":
        return self.transpose()

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("a number has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator["Stack"]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        raise TypeError("the values may differ")

    def __float__(self) -> float:
        raise TypeError("many numbers are not one")

    def __array__(self, *_: Any, **__: Any) -> Array:
        raise TypeError("a stack is no array")

    # Indices

    def __getitem__(self, key: Any) -> "Stack":
        return self._made(self.values[behind(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, Stack):
            self.make_room(value.values)
        place = behind(key)
        self.values[place] = _aligned(value, self.values[place].ndim - 1)

    def make_room(self, values: Array) -> None:
        """Be ready to be filled with them; a stack that the model has computed stays as it is."""

    # Functions

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = (), **kwargs: Any) -> Any:
        if method == "reduce":
            found = self._reduced(ufunc.reduce, inputs[0], {"axis": 0, **kwargs})
        elif method != "__call__" or kwargs.keys() - {"dtype"}:
            raise TypeError(f"{ufunc.__name__}.{method} of a stack")
        elif ufunc is np.matmul:
            found = self._made(_product(*inputs))
        elif ufunc.signature is not None:
            raise TypeError(f"{ufunc.__name__} of a stack")
        else:
            ndim = max(map(_ndim, inputs))
            arrays = [_aligned(each, ndim) for each in inputs]
            own = of_complex(ufunc, arrays)
            found = self._made(ufunc(*arrays, **kwargs) if own is None else own)
        if out:
            out[0][...] = found
            return out[0]
        return found

    def __array_function__(self, function: Any, types: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        name = getattr(function, "__name__", "")
        if function in _REDUCTIONS:
            return self._reduced(function, *_with_axis(*args, **kwargs))
        if function in _ALONG_AXIS and "axis" in kwargs:
            shifted = {**kwargs, "axis": _shifted(kwargs["axis"])}
            return self._made(function(args[0].values, *args[1:], **shifted))
        if function in _FILLED and len(args) == 1 and not kwargs:
            return self._made(function(args[0].values))
        if function in _PROPERTIES:
            return getattr(args[0], name)
        if function is np.linalg.norm:
            return norm(*args, **kwargs)
        if function in _METHODS:
            return getattr(args[0], name)(*args[1:], **kwargs)
        own = _FUNCTIONS.get(function)
        if own is None:
            raise TypeError(f"{name} of a stack")
        return own(self, *args, **kwargs)

    def sum(self, *args: Any, **kwargs: Any) -> "Stack":
        return self._reduced(np.sum, *_with_axis(self, *args, **kwargs))

    def mean(self, *args: Any, **kwargs: Any) -> "Stack":
        return self._reduced(np.mean, *_with_axis(self, *args, **kwargs))

    def max(self, *args: Any, **kwargs: Any) -> "Stack":
        return self._reduced(np.max, *_with_axis(self, *args, **kwargs))

    def min(self, *args: Any, **kwargs: Any) -> "Stack":
        return self._reduced(np.min, *_with_axis(self, *args, **kwargs))

    def var(self, *args: Any, **kwargs: Any) -> Any:
        return variance(self, *args, **kwargs)

    def std(self, *args: Any, **kwargs: Any) -> Any:
        return deviation(self, *args, **kwargs)

    def dot(self, other: Any) -> Any:
        return np.dot(self, other)

    def reshape(self, *shape: Any) -> "Stack":
        flat = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
        return self._made(self.values.reshape(len(self.values), *flat))

    def ravel(self) -> "Stack":
        return self.reshape(-1)

    flatten = ravel

    def transpose(self, *axes: Any) -> "Stack":
        flat = axes[0] if len(axes) == 1 and isinstance(axes[0], tuple | list) else axes
        order = [axis % self.ndim for axis in flat] if flat else range(self.ndim)[::-1]
        return self._made(self.values.transpose(0, *(1 + axis for axis in order)))

    def swapaxes(self, one: int, other: int) -> "Stack":
        return self._made(self.values.swapaxes(_shifted(one), _shifted(other)))

    def copy(self) -> "Stack":
        return self._made(self.values.copy())

    def astype(self, dtype: Any) -> "Stack":
        return self._made(self.values.astype(dtype))

    def _made(self, values: Array) -> "Stack":
        return Stack(values)

    def _reduced(self, reduce: Callable[..., Any], stack: "Stack", kwargs: Mapping[str, Any]) -> "Stack":
        axis = kwargs.get("axis")
        axes = tuple(range(1, stack.values.ndim)) if axis is None else _shifted(axis)
        return self._made(reduce(stack.values, **{**kwargs, "axis": axes}))


def _ndim(value: Any) -> int:
    return value.ndim if isinstance(value, Stack) else np.ndim(value)


def _aligned(value: Any, ndim: int) -> Any:
    """As an array whose axes, behind that of the stack, are numbered from the last one, as numpy does."""
    if not isinstance(value, Stack):
        return value
    return value.values.reshape(len(value.values), *(1,) * (ndim - value.ndim), *value.shape)


def _shifted(axis: Any) -> Any:
    """An axis of each value as one of the stack."""
    if isinstance(axis, tuple):
        return tuple(map(_shifted, axis))
    return axis + 1 if axis >= 0 else axis


def _with_axis(stack: Stack, axis: Any = None, *, keepdims: bool = False) -> tuple[Stack, dict[str, Any]]:
    return stack, {"axis": axis, "keepdims": keepdims}


def behind(key: Any) -> tuple[Any, ...]:
    """An index of each value as one of the stack."""
    parts = key if isinstance(key, tuple) else (key,)
    if any(isinstance(part, Stack) for part in parts):
        raise TypeError("each value has an index of its own")
    places = [i for i, part in enumerate(parts) if isinstance(part, np.ndarray | list | int | np.integer)]
    arrays = any(isinstance(part, np.ndarray | list) for part in parts)
    if arrays and places[-1] - places[0] >= len(places):
        raise TypeError("numpy puts the axes of separate index arrays first")
    return (slice(None), *parts)


def _product(a: Any, b: Any) -> Array:
    """The matrix product, of vectors too."""
    row, column = _ndim(a) == 1, _ndim(b) == 1
    left, right = a[None, :] if row else a, b[:, None] if column else b
    ndim = max(_ndim(left), _ndim(right))
    x, y = _aligned(left, ndim), _aligned(right, ndim)
    if np.iscomplexobj(x) != np.iscomplexobj(y):  # or numpy converts as it goes, without BLAS
        x, y = np.asarray(x, dtype=complex), np.asarray(y, dtype=complex)
    if not isinstance(right, Stack) and np.ndim(y) == 2:
        found = (x.reshape(-1, x.shape[-1]) @ y).reshape(*x.shape[:-1], y.shape[1])
    else:
        found = np.matmul(x, y)
    found = found[..., 0] if column else found
    if row:
        found = found[..., 0] if column else found[..., 0, :]
    return np.asarray(found)


def _where(stack: Stack, *choice: Any) -> Stack:
    if len(choice) != 3:
        raise TypeError("where of a stack without a choice")
    ndim = max(map(_ndim, choice))
    return stack._made(np.where(*(_aligned(each, ndim) for each in choice)))


def _dot(stack: Stack, a: Any, b: Any) -> Any:
    return a * b if 0 in (_ndim(a), _ndim(b)) else stack._made(_product(a, b))


def _outer(_: Stack, a: Any, b: Any) -> Any:
    return a.reshape(-1)[:, None] * b.reshape(-1)


def _split(stack: Stack, whole: Stack, parts: Any, axis: int = 0) -> list[Stack]:
    return [stack._made(one) for one in np.split(whole.values, parts, axis=_shifted(axis))]


def _joined(join: Callable[..., Array]) -> Callable[..., Stack]:
    def joined(stack: Stack, parts: Sequence[Any], axis: int = 0) -> Stack:
        ones = [each.values if isinstance(each, Stack) else np.asarray(each)[None] for each in parts]
        count = max(map(len, ones))
        arrays = [np.broadcast_to(each, (count, *each.shape[1:])) for each in ones]
        return stack._made(join(arrays, axis=_shifted(axis)))

    return joined


def _pad(stack: Stack, whole: Stack, width: Any, *args: Any, **kwargs: Any) -> Stack:
    each = np.broadcast_to(width, (whole.ndim, 2)).tolist()
    return stack._made(np.pad(whole.values, [(0, 0), *each], *args, **kwargs))


def _tensordot(stack: Stack, a: Any, b: Any, axes: Any = 2) -> Any:
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    left, right = ([next(letters) for _ in range(_ndim(each))] for each in (a, b))
    pairs = (range(-axes, 0), range(axes)) if isinstance(axes, int) else axes
    for i, j in zip(*(np.atleast_1d(each).tolist() for each in pairs), strict=True):
        right[j] = left[i]
    kept = [letter for letter in left + right if (left + right).count(letter) == 1]
    return np.einsum(f"{''.join(left)},{''.join(right)}->{''.join(kept)}", a, b)


def _einsum(stack: Stack, subscripts: str, *operands: Any) -> Stack:
    given, arrow, result = subscripts.replace(" ", "").partition("->")
    if not arrow or "." in given:
        raise TypeError("einsum of a stack needs a result, and letters only")
    terms = ["..." * isinstance(each, Stack) + term for each, term in zip(operands, given.split(","), strict=True)]
    arrays = [each.values if isinstance(each, Stack) else each for each in operands]
    return stack._made(np.einsum(f"{','.join(terms)}->...{result}", *arrays))


_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.dot: _dot,
    np.outer: _outer,
    np.split: _split,
    np.concatenate: _joined(np.concatenate),
    np.stack: _joined(np.stack),
    np.einsum: _einsum,
    np.pad: _pad,
    np.tensordot: _tensordot,
}
