"""Random steps: the points at which gradients are compared.  Knows how a quantity is drawn, not what it means.

Every random number comes from a keyed hash of the secret seed, so that knowing some of them gives away nothing about the others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any

import numpy as np

from grader.config.keys import Computed, Config, Index, Normal, OneHot, Quantity, Uniform
from grader.errors import ConfigError
from grader.problem.model import Array, Graph

MAX_DRAWS = 8


@dataclass(frozen=True)
class Point:
    """One point.

    Attributes:
        values: every quantity by name, the loss included; float64 arrays, or an int for an index.
        sizes: the size of each dimension here, such as {"V": 11}.
    """

    values: dict[str, Any]
    sizes: dict[str, int]

    def shape(self, symbolic: tuple[str | int, ...]) -> tuple[int, ...]:
        """`(1, "Dh")` as it is at this step, such as (1, 7)."""
        return tuple(size if isinstance(size, int) else self.sizes[size] for size in symbolic)


def make_points(config: Config, graph: Graph) -> list[Point]:
    """The steps of an assignment; the same config gives the same numbers.

    Raises:
        ConfigError: the model does not compute the declared shapes, or a quantity has a zero where none may be.
    """
    return [make_point(config, graph, k) for k in range(config.steps.count)]


def make_point(config: Config, graph: Graph, k: int) -> Point:
    """Step number `k`, from 0.  Each quantity has its own stream, so that adding one does not change the others."""
    inputs = _draw_inputs(config, config.sizes(k), partial(_stream, config, "step", k))
    return _finished(config, graph, inputs, k)


def make_fresh_point(config: Config, graph: Graph, source_hash: str) -> Point:
    """A step for one file alone, drawn from a keyed hash of its bytes: no table in the file can hold its answers.

    Its sizes are those of one of the fixed steps.  A step at which the loss is no finite number is drawn again.

    Args:
        source_hash: the SHA-256 of the file, in hexadecimal.

    Raises:
        ConfigError: the model does not run, or its loss is not finite, however often the step is drawn.
    """
    for attempt in range(MAX_DRAWS):
        random = _stream(config, "file", source_hash, attempt)
        k = int(random.integers(config.steps.count))
        sizes = config.sizes(k)
        point = Point(_evaluate(config, graph, _draw_inputs(config, sizes, lambda _: random), k), sizes)  # noqa: B023, called here
        if np.isfinite(point.values[graph.loss]):
            return point
    raise ConfigError(f"{graph.path}: {graph.loss}: expected a finite number, found none at {MAX_DRAWS} random steps")


def make_inconsistent_point(config: Config, graph: Graph) -> Point:
    """A step whose computed quantities do not belong to its inputs, nor to one another.

    Each is taken from a point of its own: h is in (0, 1) and y_hat adds up to 1, but h is not sigmoid(z).  What a function
    returns here tells which quantities it takes from `s` and which it computes again.  The inputs are those of the first step:
    what returns the same at both uses nothing that the model computes.
    """
    sizes = config.sizes(0)
    values = dict(make_point(config, graph, 0).values)
    for name, quantity in config.quantities.items():
        if isinstance(quantity, Computed):
            elsewhere = _draw_inputs(config, sizes, partial(_stream, config, "inconsistent", name))
            values[name] = _evaluate(config, graph, elsewhere, 0)[name]
    return Point(values, sizes)


def _stream(config: Config, *labels: str | int) -> np.random.Generator:
    """Random numbers that only the seed and these labels determine."""
    key = bytes.fromhex(config.steps.seed)
    digest = blake2b(repr(labels).encode(), key=key, digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def _draw_inputs(config: Config, sizes: dict[str, int], stream: Callable[[str], np.random.Generator]) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    by_dependence = sorted(config.quantities.items(), key=lambda item: isinstance(item[1], Index))
    for name, quantity in by_dependence:
        if not isinstance(quantity, Computed):
            inputs[name] = _draw(quantity, sizes, stream(name), inputs)
    return inputs


def _finished(config: Config, graph: Graph, inputs: dict[str, Any], k: int) -> Point:
    """The step with these inputs, checked; `k` is the number of the step with its sizes."""
    point = Point(_evaluate(config, graph, inputs, k), config.sizes(k))
    for name, quantity in config.quantities.items():
        if not isinstance(quantity, Index):
            _check(graph, name, point.values[name], point.shape(quantity.shape), k, zeros=isinstance(quantity, OneHot))
    if np.shape(point.values[graph.loss]) != ():
        raise ConfigError(
            f"{graph.path}: {graph.loss} is to be one number, found shape {np.shape(point.values[graph.loss])}"
        )
    return point


def _draw(quantity: Quantity, sizes: dict[str, int], random: np.random.Generator, drawn: dict[str, Any]) -> Any:
    match quantity:
        case Normal(shape=shape, scale=scale):
            return scale * random.standard_normal(_sized(shape, sizes))
        case Uniform(shape=shape, low=low, high=high):
            return random.uniform(low, high, _sized(shape, sizes))
        case OneHot(shape=shape):
            one_hot = np.zeros(_sized(shape, sizes))
            rows = one_hot.reshape(-1, one_hot.shape[-1])
            rows[np.arange(len(rows)), random.integers(rows.shape[-1], size=len(rows))] = 1.0
            return one_hot
        case Index(of=of, differs_from=other):
            taken = set() if other is None else set(np.nonzero(drawn[other])[-1].tolist())
            free = [index for index in range(sizes[of]) if index not in taken]
            return free[int(random.integers(len(free)))]
        case Computed():
            raise AssertionError("a computed quantity is not drawn")


def _sized(shape: tuple[str | int, ...], sizes: dict[str, int]) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) else sizes[size] for size in shape)


def _evaluate(config: Config, graph: Graph, inputs: dict[str, Any], k: int) -> dict[str, Any]:
    try:
        return graph.evaluate(inputs)
    except Exception as error:
        raise ConfigError(f"{graph.path}: does not run at step {k + 1}: {type(error).__name__}: {error}") from error


def _check(graph: Graph, name: str, value: Array, shape: tuple[int, ...], k: int, *, zeros: bool) -> None:
    if np.shape(value) != shape:
        raise ConfigError(f"{graph.path}: {name}: expected shape {shape} at step {k + 1}, found {np.shape(value)}")
    if not np.all(np.isfinite(value)):
        raise ConfigError(
            f"{graph.path}: {name}: expected finite numbers at step {k + 1}, found {value[~np.isfinite(value)][0]}"
        )
    if not zeros and not np.all(value):
        raise ConfigError(f"{graph.path}: {name}: expected no zeros at step {k + 1}, found some: zeros hide mistakes")
