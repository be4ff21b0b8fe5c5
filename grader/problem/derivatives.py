"""Numerical derivatives of the loss with respect to any quantity of the model, each with an estimate of its own error.

    central         D(t) = (J(p + t v) - J(p - t v)) / 2t                    error of order t^2
    richardson      (4 D(t) - D(2t)) / 3                                     error of order t^4
    complex_step    Im J(p + i t v) / t    (Squire and Trapp, 1998)          exact to rounding; needs an analytic model

The directions v are the unit vectors of all entries of p or, where p has too many, a few random ones.  Where the steps along one
of them cross a kink of the model, shorter ones are taken.
"""

import math
from functools import cached_property
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from grader.problem.kinks import kinks_of, patterns
from grader.problem.losses import Losses, Rays
from grader.problem.model import Array, Graph
from grader.problem.points import Point

STEP_SIZE = {"central": 1e-5, "richardson": 1e-3, "complex_step": 1e-20}
EPSILON = float(np.finfo(float).eps)
_LEAST_NORM = 1e-140
_SHORTER = (0.1, 0.01, 1e-3)  # times the step size, where that crosses a kink
_SHORTEST = 1e-8
_SUSPECT = 1e-8  # differences of this relative size are not left to chance
_ZERO_QUOTIENT = 1e-7  # of the loss: the difference quotients of what is zero
_NOISE = 100  # times what rounding leaves


class Derivative(msgspec.Struct, frozen=True):
    """Derivatives along some directions.

    Attributes:
        value: one number per direction, (N,).
        error: estimated relative error of `value` as a whole.
        directions: (N, *shape), or None for the unit vectors of every entry.
        kinks: how many of the directions meet a kink of the model at the sample point itself, or next to it.
    """

    value: Array
    error: float
    directions: Array | None
    kinks: int = 0

    def of(self, gradient: Array) -> Array:
        """What `value` must be if `gradient` is right: all its entries, or its products with the directions, (N,)."""
        if self.directions is None:
            return gradient.reshape(-1)
        return np.tensordot(self.directions, gradient, axes=gradient.ndim)

    def errors(self, right: Array, point: Point) -> tuple[float, float]:
        """Its own estimated relative error, and its distance from the right gradient; absolute ones where that is zero."""
        if is_zero(right, point):
            size = norm(self.value) / point.scale
            return size, size
        return self.error, relative_error(self.of(right), self.value)

    def error_of(self, answer: Array, point: Point) -> float:
        """The relative error of an answer; none where both are zero but for rounding and the error of the quotients."""
        if is_zero(answer, point) and norm(self.value) <= _ZERO_QUOTIENT * point.scale:
            return 0.0
        return relative_error(self.of(answer), self.value)


def differentiate(
    graph: Graph,
    point: Point,
    node: str,
    *,
    method: str = "central",
    step_size: float | None = None,
    directions: Array | None = None,
    memory_mb: float = 300,
) -> Derivative:
    """dJ/d`node` at `point`, along every entry of it or along `directions` (N, *shape of node).

    Args:
        memory_mb: what the process may take for it in all; losses are evaluated in pieces that fit.
    """
    x = np.asarray(point.values[node], dtype=float)
    rays = Rays(x, directions)
    t = STEP_SIZE[method] if step_size is None else step_size
    losses = Losses(graph, point.values, node, memory_mb, analytic=method == "complex_step")
    match method:
        case "central" | "richardson":
            value, error, kinks = _Quotients(graph, point, node, losses, rays, method, t).result()
        case "complex_step":
            (value, error), kinks = _complex_step(losses, rays, t), 0
        case _:
            raise ValueError(f"no such method: {method}")
    return Derivative(value, error, directions, kinks)


def is_zero(gradient: Array, point: Point) -> bool:
    """Whether a gradient is zero but for rounding."""
    return bool(norm(gradient) <= point.noise)


def random_directions(shape: tuple[int, ...], count: int, seed: int) -> Array:
    """`count` random unit vectors of the space of `shape`: (count, *shape)."""
    rays = np.random.default_rng(seed).standard_normal((count, *shape))
    norms = np.sqrt(np.sum(rays**2, axis=tuple(range(1, rays.ndim)), keepdims=True))
    return np.asarray(rays / norms)


def relative_error(a: Array, b: Array, noise: float = 0.0) -> float:
    """|a - b| / max(|a|, |b|) in the Euclidean norm over all entries; 0 where both are zero, NaN where either has one.

    Args:
        noise: two norms that are not larger count as zero.
    """
    with np.errstate(all="ignore"):
        size = max(norm(a), norm(b))
        if noise and size <= noise:
            return 0.0
        if not _LEAST_NORM < size < 1 / _LEAST_NORM:
            return _relative_error_of_extremes(a, b)
        return norm(a - b) / size


def _relative_error_of_extremes(a: Array, b: Array) -> float:
    """The same where squares leave the range of numbers: two arrays are not equal because the norms of both come out as 0."""
    top = float(np.max([np.max(np.abs(a), initial=0.0), np.max(np.abs(b), initial=0.0)]))
    if top == 0.0:
        return 0.0
    return relative_error(a / top, b / top) if np.isfinite(top) else float("nan")


def norm(array: Array) -> float:
    """The Euclidean norm; numpy's own costs twice as much on arrays this small, and grading a class is made of these."""
    flat = array.ravel()
    if flat.dtype.kind != "f":
        return float(np.linalg.norm(flat))
    return math.sqrt(float(flat.dot(flat)))


class _Quotients:
    """Difference quotients at one sample point, along all rays."""

    def __init__(
        self, graph: Graph, point: Point, node: str, losses: Losses, rays: Rays, method: str, t: float
    ) -> None:
        self.graph, self.values, self.node = graph, point.values, node
        self.losses, self.rays, self.t = losses, rays, t
        self.steps = (1, 2, 4) if method == "richardson" else (1, 2)
        self.rounding = EPSILON * max(1.0, abs(float(point.values[graph.loss])))

    def result(self) -> tuple[Array, float, int]:
        """The derivatives, their relative error, and how many of them a kink spoils."""
        value, gap, suspect = self._along(self.rays, self.t)
        kinks = 0
        if suspect.any():
            # At a kink, and only there, the model takes other sides after a step than before it.
            for i in np.flatnonzero(suspect):
                found = self._past_kinks(self.rays.only(int(i)))
                if found is not None:
                    value[i], gap[i], spoiled = found
                    kinks += spoiled
        rounded = self.rounding / self.t * math.sqrt(len(value))
        return value, _relative(np.linalg.norm(gap) + rounded, value), kinks

    def _along(self, rays: Rays, t: float) -> tuple[Array, Array, Array]:
        """The derivatives, the estimated error of each, and whether it may be due to a kink."""
        sizes = [t * step for step in self.steps]
        found = self.losses(rays, [*sizes, *(-size for size in sizes)])
        above, below = found[: len(sizes)], found[len(sizes) :]
        d = [(plus - minus) / (2 * size) for plus, minus, size in zip(above, below, sizes, strict=True)]
        bend = [plus + minus - 2 * self.losses.here for plus, minus in zip(above, below, strict=True)]
        if len(d) == 2:
            value, gap = d[0], np.abs(d[1] - d[0]) / 3
        else:
            value, coarse = (4 * d[0] - d[1]) / 3, (4 * d[1] - d[2]) / 3
            gap = np.abs(coarse - value) / 15
        return value, gap, self._suspect(value, gap, bend, t)

    def _suspect(self, value: Array, gap: Array, bend: list[Array], t: float) -> Array:
        noise = _NOISE * self.rounding
        rough = gap > max(noise / t, _SUSPECT * float(np.linalg.norm(value)))
        # Twice the step bends a smooth function four times as much.
        pairs = list(pairwise(bend))
        bent = [np.abs(wide - 4 * narrow) > np.maximum(0.2 * np.abs(narrow), noise) for narrow, wide in pairs]
        return np.asarray(rough | np.any(bent, axis=0) | ~np.isfinite(value))

    def _past_kinks(self, ray: Rays) -> tuple[float, float, bool] | None:
        """The derivative along one ray by steps that cross no kink, or how wrong it may be; None where there is no kink."""
        if not self._here or not self._crosses(ray, self.t):
            return None
        for factor in _SHORTER:
            t = max(self.t * factor, _SHORTEST)
            if not self._crosses(ray, t):
                value, gap, _ = self._along(ray, t)
                return float(value[0]), float(gap[0]) + self.rounding / t, False
        t = max(self.t * _SHORTER[-1], _SHORTEST)
        value, gap, _ = self._along(ray, t)
        above, below = self.losses(ray, [t, -t])
        jump = float(abs(above[0] + below[0] - 2 * self.losses.here)) / t
        spoiled = jump > _NOISE * self.rounding / t + 1e-4 * abs(float(value[0]))
        return float(value[0]), float(gap[0]) + self.rounding / t + (jump if spoiled else 0.0), spoiled

    def _crosses(self, ray: Rays, t: float) -> bool:
        most = t * self.steps[-1]
        return any(self._sides(moved) != self._here for moved in ray.moved([most, -most]))

    @cached_property
    def _here(self) -> list[tuple[str, bytes]]:
        return self._sides(np.asarray(self.values[self.node], dtype=float))

    def _sides(self, value: Array) -> list[tuple[str, bytes]]:
        """The side that each comparison of the model takes with this value of the quantity."""
        moved = {**self.values, self.node: value}
        return patterns(kinks_of(self.graph, moved, self.graph.downstream(self.node)))


def _complex_step(losses: Losses, rays: Rays, t: float) -> tuple[Array, float]:
    fine, coarse = (each.imag / size for each, size in zip(losses(rays, [1j * t, 1e3j * t]), (t, 1e3 * t), strict=True))
    return fine, _relative(np.linalg.norm(coarse - fine), fine) + EPSILON


def _relative(error: Any, value: Array) -> float:
    size = float(np.linalg.norm(value))
    return float(error) / size if size else float(error)
