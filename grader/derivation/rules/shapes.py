"""numpy's functions on shapes and places in terms of fewer operations: `np.stack` is a concatenation, `np.pad` a placement."""

import operator
from typing import Any

import numpy as np

from grader.derivation.graph.indexing import Slice, along
from grader.derivation.graph.recorder import Tracer, lift, record, unreadable
from grader.derivation.rules.numpy_functions import Axis, axes_of, function, whole

# Shapes


@function("reshape")
def reshape(x: Any, *lengths: Any, shape: Any = None, newshape: Any = None) -> Any:
    given = lengths or (shape if newshape is None else newshape,)
    wanted = given[0] if len(given) == 1 and isinstance(given[0], tuple | list) else given
    known = np.empty(x.shape, np.int8).reshape(whole(wanted)).shape
    return record("reshape", x, shape=known) if known != x.node.shape else x


@function("ravel", "flatten")
def ravel(x: Any) -> Any:
    return np.reshape(x, (-1,))


@function("transpose", "permute_dims")
def transpose(x: Any, *order: Any, axes: Any = None) -> Any:
    given = order[0] if len(order) == 1 and not isinstance(order[0], int) else (order or axes)
    chosen = tuple(range(x.ndim))[::-1] if given is None else tuple(axis % x.ndim for axis in given)
    return record("transpose", x, axes=chosen) if chosen != tuple(range(x.ndim)) else x


@function("swapaxes", "matrix_transpose")
def swapaxes(x: Any, first: int = -1, second: int = -2) -> Any:
    order = list(range(x.ndim))
    order[first], order[second] = order[second], order[first]
    return np.transpose(x, tuple(order))


@function("moveaxis")
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    return np.transpose(x, _moved(x.ndim, source, destination))


def _moved(ndim: int, source: Any, destination: Any) -> tuple[int, ...]:
    """The order of axes that `np.moveaxis` makes, read from what it does to sizes that are all different."""
    sizes = np.moveaxis(np.empty(tuple(range(1, ndim + 1))), source, destination).shape
    return tuple(size - 1 for size in sizes)


@function("expand_dims")
def expand_dims(x: Any, axis: Any) -> Any:
    return np.reshape(x, np.expand_dims(np.empty(whole(x.shape), np.int8), axis).shape)


@function("squeeze")
def squeeze(x: Any, axis: Any = None) -> Any:
    return np.reshape(x, np.squeeze(np.empty(whole(x.shape), np.int8), axis).shape)


@function("atleast_2d")
def atleast_2d(x: Any) -> Any:
    return np.reshape(x, np.atleast_2d(np.empty(whole(x.shape), np.int8)).shape)


@function("broadcast_to")
def broadcast_to(x: Any, shape: Any) -> Any:
    return record("broadcast_to", x, shape=whole(shape)) if whole(shape) != x.node.shape else x


@function("concatenate", "concat")
def concatenate(arrays: Any, axis: int | None = 0) -> Any:
    parts = list(arrays) if axis is not None else [np.ravel(part) for part in arrays]
    return record("concatenate", *parts, axis=(axis or 0) % max(np.ndim(parts[0]), 1))


@function("stack")
def stack(arrays: Any, axis: int = 0) -> Any:
    parts = _lifted(arrays)
    return np.concatenate([np.expand_dims(part, axis) for part in parts], axis)


@function("hstack")
def hstack(arrays: Any) -> Any:
    parts = _lifted(arrays)
    return np.concatenate(parts, axis=0 if parts[0].ndim == 1 else 1)


@function("vstack", "row_stack")
def vstack(arrays: Any) -> Any:
    return np.concatenate([np.atleast_2d(part) for part in _lifted(arrays)], axis=0)


@function("column_stack")
def column_stack(arrays: Any) -> Any:
    return np.concatenate([part[:, None] if part.ndim == 1 else part for part in _lifted(arrays)], axis=1)


def _lifted(arrays: Any) -> list[Any]:
    parts = list(arrays)
    graph = next(part.node.graph for part in parts if isinstance(part, Tracer))
    return [lift(part, graph) for part in parts]


@function("split", "array_split")
def split(x: Any, sections: Any, axis: int = 0) -> list[Any]:
    numbers = np.arange(x.node.shape[axis])
    cuts = sections if isinstance(sections, list | tuple) else operator.index(sections)
    parts = [part.tolist() for part in np.array_split(numbers, cuts) if len(part)]
    return [x[along(axis % x.ndim, slice(part[0], part[-1] + 1))] for part in parts]


@function("hsplit")
def hsplit(x: Any, sections: Any) -> Any:
    return split(x, sections, axis=1 if x.ndim > 1 else 0)


@function("vsplit")
def vsplit(x: Any, sections: Any) -> Any:
    return split(x, sections)


# Picking and placing


@function("take")
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    if axis is None:
        return np.ravel(x)[indices]
    return x[along(axis % x.ndim, indices)]


@function("take_along_axis")
def take_along_axis(x: Any, indices: Any, axis: int) -> Any:
    grid: list[Any] = list(np.ogrid[tuple(slice(length) for length in whole(indices.shape))])
    grid[axis] = indices
    return x[tuple(grid)]


@function("repeat")
def repeat(x: Any, repeats: int, axis: int | None = None) -> Any:
    length = x.size if axis is None else x.shape[axis]
    return np.take(x, np.repeat(np.arange(operator.index(length)), repeats), axis=axis)


@function("tile")
def tile(x: Any, reps: Any) -> Any:
    positions = np.tile(np.arange(x.node.value.size).reshape(x.node.shape), reps)
    return np.ravel(x)[positions]


@function("flip")
def flip(x: Any, axis: Axis = None) -> Any:
    chosen = axes_of(x, axis)
    return x[tuple(slice(None, None, -1) if each in chosen else slice(None) for each in range(x.ndim))]


@function("flipud")
def flipud(x: Any) -> Any:
    return x[::-1]


@function("fliplr")
def fliplr(x: Any) -> Any:
    return x[:, ::-1]


@function("roll")
def roll(x: Any, shift: int, axis: int | None = None) -> Any:
    if axis is None:
        return np.reshape(np.roll(np.ravel(x), shift, 0), x.shape)
    return np.take(x, np.roll(np.arange(operator.index(x.shape[axis])), shift), axis=axis)


@function("pad")
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0) -> Any:
    if mode != "constant" or constant_values:
        raise unreadable(f"np.pad with mode={mode!r} or a value other than 0")
    widths = np.broadcast_to(np.asarray(pad_width, int), (x.ndim, 2)).tolist()
    lengths = [before + length + after for (before, after), length in zip(widths, x.node.shape, strict=True)]
    inside = tuple(Slice(before or None, -after or None, None) for before, after in widths)  # the same at all sizes
    return record("scatter", x, index=inside, shape=tuple(lengths))


@function("diagonal")
def diagonal(x: Any) -> Any:
    positions = np.arange(min(x.node.shape))
    return x[positions, positions]


@function("diag")
def diag(x: Any) -> Any:
    return diagonal(x) if x.ndim == 2 else x[:, None] * np.eye(len(x))


@function("trace")
def trace(x: Any) -> Any:
    return np.sum(diagonal(x))


@function("tril")
def tril(x: Any, k: int = 0) -> Any:
    return record("tril", x, k=k)


@function("triu")
def triu(x: Any, k: int = 0) -> Any:
    return record("triu", x, k=k)
