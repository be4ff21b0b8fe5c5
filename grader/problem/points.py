"""Sample points: random values of all quantities, at which gradients are compared.  Knows how to draw, not what is drawn.

Every random number comes from a keyed hash of the secret seed, so that knowing some of them gives away nothing about the others.
"""

from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np

from grader.config.dimensions import sized
from grader.config.keys import Config
from grader.config.quantities import Computed, Index
from grader.errors import ConfigError
from grader.problem.drawing import as_value, draw
from grader.problem.kinks import Kink, kinks_of
from grader.problem.model import Array, Graph, line_in, line_of

MAX_DRAWS = 8
KINK_DRAWS = 40  # of a sample point that is near a kink
ROUNDED = 1e-12
SAFE = 1e-3  # how far from a kink every entry should be
MANY = 4  # entries of a comparison that should not all be on one side


class Point(msgspec.Struct, frozen=True):
    """One sample point; students get it as `s`.

    Attributes:
        values: every quantity by name, the loss included: an array of floats, whole numbers or booleans, or a plain number.
        sizes: the size of each dimension here, such as {"V": 11}.
        consistent: what the model computes belongs to the inputs.
        scale: the size of the loss, at least 1.
    """

    values: dict[str, Any]
    sizes: dict[str, int]
    consistent: bool = True
    scale: float = 1.0

    @property
    def noise(self) -> float:
        """The norm up to which a gradient here may be nothing but rounding."""
        return ROUNDED * self.scale

    def shape(self, symbolic: tuple[str | int, ...]) -> tuple[int, ...]:
        """The sizes of a symbolic shape here: `(1, "Dh")` may be (1, 7)."""
        return sized(symbolic, self.sizes)


def make_points(config: Config, graph: Graph) -> list[Point]:
    """The sample points of an assignment; the same config gives the same numbers.

    Raises:
        ConfigError: the model does not compute the declared shapes, or a quantity has a zero where none may be.
    """
    return [make_point(config, graph, k) for k in range(config.steps.count)]


def make_point(config: Config, graph: Graph, k: int) -> Point:
    """Sample point `k`, from 0.  Each quantity has its own stream: adding one does not change the others.

    A point that is near a kink of the model, or hides one side of it, is drawn again, and the best of all draws is taken.
    """
    best, score = None, (0, 0.0)
    for attempt in range(KINK_DRAWS):
        labels = ("step", k, attempt) if attempt else ("step", k)
        inputs = _draw_inputs(config, config.sizes(k), partial(_stream, config, *labels), repeat=k == 0)
        point = _finished(config, graph, inputs, k)
        zero = all_zero(config, point)
        kinks = kinks_of(graph, inputs)
        found = (-len(zero) - len(one_sided(kinks)), min([SAFE, *(kink.margin for kink in kinks)]))
        if best is None or found > score:
            best, score = point, found
        if score == (0, SAFE):
            break
    assert best is not None
    if zero := all_zero(config, best):
        raise ConfigError(
            f"{graph.path}:{line_of(graph.functions[zero[0]])}: {zero[0]}: expected other numbers than zeros at sample point"
            f" {k + 1}, found none in {KINK_DRAWS} draws: zeros hide mistakes"
        )
    return best


def first_draw(config: Config, graph: Graph, k: int) -> Point:
    """What is drawn first for sample point `k`, wherever its kinks are.

    Raises:
        ConfigError: the model does not run at these sizes, or computes other shapes than declared.
    """
    return _finished(config, graph, _draw_inputs(config, config.sizes(k), partial(_stream, config, "step", k)), k)


def one_sided(kinks: list[Kink]) -> list[Kink]:
    """The comparisons of many entries that all take the same side, so that a formula for the other one is not tried."""
    return [kink for kink in kinks if kink.entries >= MANY and not all(kink.sides)]


def all_zero(config: Config, point: Point) -> list[str]:
    """The quantities that the model computes as zeros only."""
    computed = (name for name, quantity in config.quantities.items() if isinstance(quantity, Computed))
    return [name for name in computed if not np.any(point.values[name])]


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
        inputs = _draw_inputs(config, sizes, lambda _: random)  # noqa: B023, called here
        point = _point(graph, _evaluate(graph, inputs, k), sizes)
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
            values[name] = _evaluate(graph, elsewhere, 0)[name]
    return Point(values, sizes, consistent=False)


def make_substitutes(config: Config, source_hash: str, name: str, shapes: list[tuple[int, ...]]) -> list[Array]:
    """Random arrays of these shapes, which stand in for a gradient of one file: no file can know them beforehand."""
    random = _stream(config, "substitute", source_hash, name)
    return [np.asarray(random.standard_normal(shape)) for shape in shapes]


def _stream(config: Config, *labels: str | int) -> np.random.Generator:
    """Random numbers that only the seed and these labels determine."""
    key = bytes.fromhex(config.steps.seed)
    digest = blake2b(repr(labels).encode(), key=key, digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def _draw_inputs(
    config: Config, sizes: dict[str, int], stream: Callable[[str], np.random.Generator], *, repeat: bool = False
) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    by_dependence = sorted(config.quantities.items(), key=lambda item: isinstance(item[1], Index))
    for name, quantity in by_dependence:
        if not isinstance(quantity, Computed):
            inputs[name] = draw(name, config.quantities, sizes, stream(name), inputs, repeat=repeat)
    return inputs


def _finished(config: Config, graph: Graph, inputs: dict[str, Any], k: int) -> Point:
    """The checked point with these inputs; it has the sizes of sample point `k`."""
    point = _point(graph, _evaluate(graph, inputs, k), config.sizes(k))
    for name, quantity in config.quantities.items():
        _check(graph, name, point.values[name], point.shape(quantity.shape), k)
    if np.shape(point.values[graph.loss]) != ():
        raise ConfigError(
            f"{graph.path}:{line_of(graph.functions[graph.loss])}: {graph.loss}: expected a number, found shape"
            f" {np.shape(point.values[graph.loss])}: sum over its axes; a constant in it is a number, with `shape: []`"
        )
    return point


def _point(graph: Graph, values: dict[str, Any], sizes: dict[str, int]) -> Point:
    loss = values[graph.loss]
    return Point(values, sizes, scale=max(1.0, abs(loss)) if np.ndim(loss) == 0 and np.isfinite(loss) else 1.0)


def _evaluate(graph: Graph, inputs: dict[str, Any], k: int) -> dict[str, Any]:
    try:
        values = graph.evaluate(inputs)
    except Exception as error:
        raise ConfigError(
            f"{graph.path}:{line_in(error, graph.path)}: does not run at sample point {k + 1}:"
            f" {type(error).__name__}: {error}"
        ) from error
    return {name: value if name in inputs else as_value(value) for name, value in values.items()}


def _check(graph: Graph, name: str, value: Array, shape: tuple[int, ...], k: int) -> None:
    line = f":{line_of(graph.functions[name])}" if name in graph.functions else ""
    if np.shape(value) != shape:
        raise ConfigError(
            f"{graph.path}{line}: {name}: expected shape {shape} at sample point {k + 1}, found {np.shape(value)}"
        )
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise ConfigError(
            f"{graph.path}{line}: {name}: expected real numbers at sample point {k + 1}, found {array.dtype}"
        )
    if not np.all(np.isfinite(array)):
        raise ConfigError(
            f"{graph.path}{line}: {name}: expected finite numbers at sample point {k + 1}, found {array[~np.isfinite(array)][0]}"
        )
