"""Sample points: random values of all quantities, at which gradients are compared.  Knows how to draw, not what is drawn.

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
    """One sample point; students get it as `s`.

    Attributes:
        values: every quantity by name, the loss included; float64 arrays, or an int for an index.
        sizes: the size of each dimension here, such as {"V": 11}.
        consistent: what the model computes belongs to the inputs.
    """

    values: dict[str, Any]
    sizes: dict[str, int]
    consistent: bool = True

    def shape(self, symbolic: tuple[str | int, ...]) -> tuple[int, ...]:
        """The sizes of a symbolic shape here: `(1, "Dh")` may be (1, 7)."""
        return tuple(size if isinstance(size, int) else self.sizes[size] for size in symbolic)


def make_points(config: Config, graph: Graph) -> list[Point]:
    """The sample points of an assignment; the same config gives the same numbers.

    Raises:
        ConfigError: the model does not compute the declared shapes, or a quantity has a zero where none may be.
    """
    return [make_point(config, graph, k) for k in range(config.steps.count)]


def make_point(config: Config, graph: Graph, k: int) -> Point:
    """Sample point `k`, from 0.  Each quantity has its own stream: adding one does not change the others."""
    inputs = _draw_inputs(config, config.sizes(k), partial(_stream, config, "step", k))
    return _finished(config, graph, inputs, k)


def make_fresh_point(config: Config, graph: Graph, source_hash: str) -> Point:
    """The sample point of one file, drawn from a keyed hash of its bytes: no table in the file can hold its answers.

    It has the sizes of one of the shared sample points.  One at which the loss is not finite is drawn again.

    Args:
        source_hash: the SHA-256 of the file, in hexadecimal.

    Raises:
        ConfigError: the model does not run, or its loss is not finite, however often the point is drawn.
    """
    for attempt in range(MAX_DRAWS):
        random = _stream(config, "file", source_hash, attempt)
        k = int(random.integers(config.steps.count))
        sizes = config.sizes(k)
        point = Point(_evaluate(config, graph, _draw_inputs(config, sizes, lambda _: random), k), sizes)  # noqa: B023, called here
        if np.isfinite(point.values[graph.loss]):
            return point
    raise ConfigError(
        f"{graph.path}: {graph.loss}: expected a finite number, found none at {MAX_DRAWS} random sample points"
    )


def make_inconsistent_point(config: Config, graph: Graph) -> Point:
    """A sample point whose computed quantities contradict its inputs and one another.

    Each comes from a point of its own: h is in (0, 1) and y_hat sums to 1, but h is not sigmoid(z).  What a function returns
    here shows which quantities it takes from `s` and which it computes again.  The inputs are those of the first sample point:
    a function that returns the same at both uses nothing that the model computes.
    """
    sizes = config.sizes(0)
    values = dict(make_point(config, graph, 0).values)
    for name, quantity in config.quantities.items():
        if isinstance(quantity, Computed):
            elsewhere = _draw_inputs(config, sizes, partial(_stream, config, "inconsistent", name))
            values[name] = _evaluate(config, graph, elsewhere, 0)[name]
    return Point(values, sizes, consistent=False)


def make_substitutes(config: Config, source_hash: str, name: str, shapes: list[tuple[int, ...]]) -> list[Array]:
    """Random arrays of these shapes, which stand in for a gradient of one file: no file can know them beforehand."""
    random = _stream(config, "substitute", source_hash, name)
    return [random.standard_normal(shape) for shape in shapes]


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
    """The checked point with these inputs; it has the sizes of sample point `k`."""
    point = Point(_evaluate(config, graph, inputs, k), config.sizes(k))
    for name, quantity in config.quantities.items():
        if not isinstance(quantity, Index):
            _check(graph, name, point.values[name], point.shape(quantity.shape), k, zeros=isinstance(quantity, OneHot))
    if np.shape(point.values[graph.loss]) != ():
        raise ConfigError(
            f"{graph.path}: {graph.loss}: expected a number, found shape {np.shape(point.values[graph.loss])}"
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
        raise ConfigError(
            f"{graph.path}: does not run at sample point {k + 1}: {type(error).__name__}: {error}"
        ) from error


def _check(graph: Graph, name: str, value: Array, shape: tuple[int, ...], k: int, *, zeros: bool) -> None:
    if np.shape(value) != shape:
        raise ConfigError(
            f"{graph.path}: {name}: expected shape {shape} at sample point {k + 1}, found {np.shape(value)}"
        )
    if not np.all(np.isfinite(value)):
        raise ConfigError(
            f"{graph.path}: {name}: expected finite numbers at sample point {k + 1}, found {value[~np.isfinite(value)][0]}"
        )
    if not zeros and not np.all(value):
        raise ConfigError(
            f"{graph.path}: {name}: expected no zeros at sample point {k + 1}, found some: zeros hide mistakes"
        )
