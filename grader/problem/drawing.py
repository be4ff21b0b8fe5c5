"""How each kind of quantity is drawn: one function for each, from random numbers of its own."""

from collections.abc import Callable, Collection, Mapping
from functools import singledispatch
from typing import Any

import numpy as np

from grader.config.dimensions import sized
from grader.config.quantities import (
    Bernoulli,
    Constant,
    Index,
    Normal,
    OneHot,
    Orthogonal,
    Positives,
    Probabilities,
    Quantity,
    Sign,
    Uniform,
)
from grader.errors import ConfigError
from grader.problem.model import Array

Random = np.random.Generator
_SPREAD = (0.5, 2.0)  # of positive numbers, as multiples of their scale
_SHARES = (0.2, 1.0)  # of probabilities, before they are divided by their sum


def draw(
    name: str,
    quantities: Mapping[str, Quantity],
    sizes: Mapping[str, int],
    random: Random,
    drawn: Mapping[str, Any],
    *,
    repeat: bool,
) -> Any:
    """A value of one of the quantities: an array, or a plain number.

    Args:
        drawn: the quantities that were drawn before, which an index may have to differ from.
        repeat: an array of indices has one of them twice.

    Raises:
        ConfigError: no index is left.
    """
    quantity = quantities[name]
    shape = sized(quantity.shape, sizes)
    if not isinstance(quantity, Index):
        return as_value(_drawn(quantity, shape, random))
    other, taken = quantity.differs_from, None
    if other is not None and isinstance(one_hot := quantities[other], OneHot):
        taken = drawn[other].argmax(axis=one_hot.along)
    return as_value(_indices(name, quantity, sizes[quantity.of], shape, random, taken, repeat=repeat))


def as_value(value: Any) -> Any:
    """A whole number as an int, another one as a float64; an array in double precision, of 64-bit integers or of booleans."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    array = np.asarray(value)
    if array.dtype.kind in "iu":
        return int(array) if array.ndim == 0 else array.astype(np.int64, copy=False)
    if array.dtype.kind == "b":
        return int(array) if array.ndim == 0 else array
    if array.dtype.kind == "f":
        array = array.astype(np.float64, copy=False)
        return array[()] if array.ndim == 0 else array
    return array


@singledispatch
def _drawn(quantity: Any, shape: tuple[int, ...], random: Random) -> Any:
    raise AssertionError(f"{type(quantity).__name__} is not drawn")


@_drawn.register
def _(quantity: Normal, shape: tuple[int, ...], random: Random) -> Any:
    return quantity.scale * random.standard_normal(shape)


@_drawn.register
def _(quantity: Uniform, shape: tuple[int, ...], random: Random) -> Any:
    return random.uniform(quantity.low, quantity.high, shape)


@_drawn.register
def _(quantity: Positives, shape: tuple[int, ...], random: Random) -> Any:
    return quantity.scale * random.uniform(*_SPREAD, shape)


@_drawn.register
def _(quantity: Probabilities, shape: tuple[int, ...], random: Random) -> Any:
    shares = random.uniform(*_SHARES, shape)
    return shares / np.sum(shares, axis=quantity.axis, keepdims=True)


@_drawn.register
def _(quantity: Orthogonal, shape: tuple[int, ...], random: Random) -> Any:
    wide = shape[-2] < shape[-1]
    tall = random.standard_normal((*shape[:-2], shape[-1], shape[-2]) if wide else shape)
    q, r = np.linalg.qr(tall)
    q = quantity.scale * q * np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., None, :]
    return np.ascontiguousarray(np.swapaxes(q, -1, -2) if wide else q)


@_drawn.register
def _(quantity: OneHot, shape: tuple[int, ...], random: Random) -> Any:
    others = np.delete(shape, quantity.along)
    rows = np.zeros((int(np.prod(others)), shape[quantity.along]))
    rows[np.arange(len(rows)), random.integers(rows.shape[1], size=len(rows))] = 1.0
    return np.ascontiguousarray(np.moveaxis(rows.reshape(*others, rows.shape[1]), -1, quantity.along))


@_drawn.register
def _(quantity: Bernoulli, shape: tuple[int, ...], random: Random) -> Any:
    return _one_of_two(shape, quantity.p, 0.0, random)


@_drawn.register
def _(quantity: Sign, shape: tuple[int, ...], random: Random) -> Any:
    return _one_of_two(shape, quantity.p, -1.0, random)


def _one_of_two(shape: tuple[int, ...], p: float, low: float, random: Random) -> Array:
    """1 with probability `p`, and otherwise `low`; an array has both."""
    high = random.random(int(np.prod(shape))) < p
    if high.size > 1 and np.all(high == high[0]):
        high[random.integers(high.size)] = not high[0]
    return np.where(high, 1.0, low).reshape(shape)


@_drawn.register
def _(quantity: Constant, shape: tuple[int, ...], random: Random) -> Any:
    return np.full(shape, quantity.value) if shape else quantity.value


def _indices(
    name: str,
    quantity: Index,
    count: int,
    shape: tuple[int, ...],
    random: Random,
    others: Array | None,
    *,
    repeat: bool,
) -> Any:
    taken = _taken(shape, others)
    flat = []
    for k in range(int(np.prod(shape))):
        free = [index for index in range(count) if index not in taken(k)]
        if not free:
            raise ConfigError(
                f"quantity {name}: no index is left that differs from {quantity.differs_from}: {quantity.of} is {count}"
            )
        flat.append(free[int(random.integers(len(free)))])
    if repeat and len(flat) > 1 and len(set(flat)) == len(flat):
        place = next((k for k in range(1, len(flat)) if flat[0] not in taken(k)), 0)
        flat[place] = flat[0]
    return np.array(flat, dtype=np.int64).reshape(shape) if shape else flat[0]


def _taken(shape: tuple[int, ...], others: Array | None) -> Callable[[int], Collection[int]]:
    """For each entry of an array of indices, flat, those that it must not have: that of its own row, or those of all rows."""
    if others is None:
        return lambda k: ()
    if others.shape == shape:
        return lambda k: (int(others.flat[k]),)
    everything = set(others.ravel().tolist())
    return lambda k: everything
