"""Numerical derivatives of the loss with respect to any quantity of the model, each with an estimate of its own error.

    central         D(t) = (J(p + t v) - J(p - t v)) / 2t                    error of order t^2
    richardson      (4 D(t) - D(2t)) / 3                                     error of order t^4
    complex_step    Im J(p + i t v) / t    (Squire and Trapp, 1998)          exact to rounding; needs an analytic model

The directions v are the unit vectors of all entries of p or, where p has too many, a few random ones.
All perturbed losses are evaluated as one stack where the model allows it.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.problem.model import Array, Graph
from grader.problem.points import Point

STEP_SIZE = {"central": 1e-5, "richardson": 1e-3, "complex_step": 1e-20}
EPSILON = float(np.finfo(float).eps)
_LEAST_NORM = 1e-140


@dataclass(frozen=True)
class Derivative:
    """Derivatives along some directions.

    Attributes:
        value: one number per direction, (N,).
        error: estimated relative error of `value` as a whole.
        directions: (N, *shape), or None for the unit vectors of every entry.
    """

    value: Array
    error: float
    directions: Array | None

    def of(self, gradient: Array) -> Array:
        """What `value` must be if `gradient` is right: all its entries, or its products with the directions, (N,)."""
        if self.directions is None:
            return gradient.reshape(-1)
        return np.tensordot(self.directions, gradient, axes=gradient.ndim)


def differentiate(
    graph: Graph,
    point: Point,
    node: str,
    *,
    method: str = "central",
    step_size: float | None = None,
    directions: Array | None = None,
) -> Derivative:
    """dJ/d`node` at `point`, along every entry of it or along `directions` (N, *shape of node)."""
    x = np.asarray(point.values[node], dtype=float)
    rays = np.eye(x.size).reshape(x.size, *x.shape) if directions is None else directions
    t = STEP_SIZE[method] if step_size is None else step_size
    match method:
        case "central":
            value, error = _central(graph, point, node, x, rays, t)
        case "richardson":
            value, error = _richardson(graph, point, node, x, rays, t)
        case "complex_step":
            value, error = _complex_step(graph, point, node, x, rays, t)
        case _:
            raise ValueError(f"no such method: {method}")
    return Derivative(value, error, directions)


def random_directions(shape: tuple[int, ...], count: int, seed: int) -> Array:
    """`count` random unit vectors of the space of `shape`: (count, *shape)."""
    rays = np.random.default_rng(seed).standard_normal((count, *shape))
    norms = np.sqrt(np.sum(rays**2, axis=tuple(range(1, rays.ndim)), keepdims=True))
    return np.asarray(rays / norms)


def relative_error(a: Array, b: Array) -> float:
    """|a - b| / max(|a|, |b|) in the Euclidean norm over all entries; 0 where both are zero, NaN where either has one."""
    with np.errstate(all="ignore"):
        size = max(_norm(a), _norm(b))
        if not _LEAST_NORM < size < 1 / _LEAST_NORM:
            return _relative_error_of_extremes(a, b)
        return _norm(a - b) / size


def _relative_error_of_extremes(a: Array, b: Array) -> float:
    """The same where squares leave the range of numbers: two arrays are not equal because the norms of both come out as 0."""
    top = float(np.max([np.max(np.abs(a), initial=0.0), np.max(np.abs(b), initial=0.0)]))
    if top == 0.0:
        return 0.0
    return relative_error(a / top, b / top) if np.isfinite(top) else float("nan")


def _norm(array: Array) -> float:
    """The Euclidean norm; numpy's own costs twice as much on arrays this small, and grading a class is made of these."""
    flat = array.ravel()
    if flat.dtype.kind != "f":
        return float(np.linalg.norm(flat))
    return math.sqrt(float(flat.dot(flat)))


def _central(graph: Graph, point: Point, node: str, x: Array, rays: Array, t: float) -> tuple[Array, float]:
    fine, coarse = _differences(graph, point, node, x, rays, (t, 2 * t))
    truncation = np.linalg.norm(coarse - fine) / 3
    return fine, _relative(truncation + _rounding(point, graph, rays, t), fine)


def _richardson(graph: Graph, point: Point, node: str, x: Array, rays: Array, t: float) -> tuple[Array, float]:
    d1, d2, d4 = _differences(graph, point, node, x, rays, (t, 2 * t, 4 * t))
    fine, coarse = (4 * d1 - d2) / 3, (4 * d2 - d4) / 3
    truncation = np.linalg.norm(coarse - fine) / 15
    return fine, _relative(truncation + _rounding(point, graph, rays, t), fine)


def _complex_step(graph: Graph, point: Point, node: str, x: Array, rays: Array, t: float) -> tuple[Array, float]:
    sizes = (t, 1e3 * t)
    losses = _losses(graph, point, node, np.concatenate([x + 1j * size * rays for size in sizes]))
    fine, coarse = (part.imag / size for part, size in zip(np.split(losses, 2), sizes, strict=True))
    return fine, _relative(np.linalg.norm(coarse - fine), fine) + EPSILON


def _differences(graph: Graph, point: Point, node: str, x: Array, rays: Array, sizes: tuple[float, ...]) -> list[Array]:
    """D(t) for each t in `sizes`, from one stack of perturbed values."""
    stack = np.concatenate([x + sign * t * rays for t in sizes for sign in (1, -1)])
    losses = _losses(graph, point, node, stack).reshape(len(sizes), 2, len(rays))
    return [(plus - minus) / (2 * t) for (plus, minus), t in zip(losses, sizes, strict=True)]


def _rounding(point: Point, graph: Graph, rays: Array, t: float) -> float:
    """The norm of the error that rounding J leaves in all the quotients together."""
    return float(EPSILON * max(1.0, abs(point.values[graph.loss])) / t * np.sqrt(len(rays)))


def _relative(error: Any, value: Array) -> float:
    size = float(np.linalg.norm(value))
    return float(error) / size if size else float(error)


def _losses(graph: Graph, point: Point, node: str, stack: Array) -> Array:
    """J at each of the stacked values, (N,): in one pass, or one by one where the model does not take stacks."""

    def one(x: Array) -> Array:
        return np.asarray(graph.loss_at(point.values, node, x)).reshape(())

    try:
        stacked = np.asarray(graph.loss_at(point.values, node, stack))
        if stacked.shape == (len(stack),) and all(
            abs(stacked[i] - one(stack[i])) <= 1e-12 * abs(stacked[i]) for i in (0, -1)
        ):
            return stacked
    except (ValueError, IndexError, TypeError):
        pass  # not a model for stacks
    return np.array([one(x) for x in stack])
