"""The table of derivatives: one entry a numpy function, written in numpy on the stand-ins themselves.

    @rule("tanh", "np.tanh(x)")
    def _(g, t, x):                   # g: the gradient by the result, t: the result, x: the argument
        return (g * (1 - t**2),)      # one contribution per array argument, None where there is none

So gradients are expressions like all others.  What broadcasting did is undone by the caller.  The strings are examples
that the property test differentiates; adding an entry is all there is to do for a new function.  At a kink, one of
the two one-sided derivatives is given: relu has 0 at 0.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.derivation.graph.recorder import RULES, Rule

Gradients = tuple[Any, ...]


def rule(name: str, *examples: str, compute: Callable[..., Any] | None = None) -> Callable[[Any], Any]:
    """Register a derivative under the operation's name, which is numpy's unless `compute` says what it computes."""

    def register(gradient: Callable[..., Gradients]) -> Callable[..., Gradients]:
        RULES[name] = Rule(gradient, compute or getattr(np, name), examples)
        return gradient

    return register


def kept(g: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """The result of a reduction with the axes that it lost, of size one."""
    return g if keepdims or not g.ndim else np.expand_dims(g, axis)


# Arithmetic


@rule("add", "x + y", "x + row", "x + 2")
def _(g: Any, t: Any, x: Any, y: Any) -> Gradients:
    return g, g


@rule("subtract", "x - y", "row - x", "1 - x")
def _(g: Any, t: Any, x: Any, y: Any) -> Gradients:
    return g, -g


@rule("multiply", "x * y", "x * row", "column * x", "3 * x", "x * x")
def _(g: Any, t: Any, x: Any, y: Any) -> Gradients:
    return g * y, g * x


@rule("divide", "x / p", "row / p", "1 / p", "x / len(x)")
def _(g: Any, t: Any, x: Any, y: Any) -> Gradients:
    return g / y, -g * x / y**2


@rule("negative", "-x")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (-g,)


@rule("power", "x**2", "p**-1.5", "p**p", "2**x", "p**0.5")
def _(g: Any, t: Any, x: Any, y: Any) -> Gradients:
    return g * y * x ** (y - 1), (None if y.node.op == "constant" else g * t * np.log(x))


@rule("sqrt", "np.sqrt(p)", "np.linalg.norm(x)", "np.linalg.norm(x, axis=1, keepdims=True)", "np.std(x, axis=0)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g / (2 * t),)


@rule("cbrt", "np.cbrt(p)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g / (3 * t**2),)


# Elementary functions


@rule("exp", "np.exp(x)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g * t,)


@rule("expm1", "np.expm1(x)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g * (t + 1),)


@rule("log", "np.log(p)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g / x,)


@rule("log1p", "np.log1p(p)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g / (1 + x),)


@rule("logaddexp", "np.logaddexp(x, y)", "np.logaddexp(0, x)")
def _(g: Any, t: Any, x: Any, y: Any) -> Gradients:
    return g * np.exp(x - t), g * np.exp(y - t)


@rule("sin", "np.sin(x)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g * np.cos(x),)


@rule("cos", "np.cos(x)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (-g * np.sin(x),)


@rule("tan", "np.tan(u)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g * (1 + t**2),)


@rule("sinh", "np.sinh(x)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g * np.cosh(x),)


@rule("cosh", "np.cosh(x)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g * np.sinh(x),)


@rule("tanh", "np.tanh(x)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g * (1 - t**2),)


@rule("arctan", "np.arctan(x)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g / (1 + x**2),)


@rule("arcsin", "np.arcsin(u)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g / np.sqrt(1 - x**2),)


@rule("arctanh", "np.arctanh(u)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g / (1 - x**2),)


@rule("arctan2", "np.arctan2(x, p)")
def _(g: Any, t: Any, y: Any, x: Any) -> Gradients:
    return g * x / (x**2 + y**2), -g * y / (x**2 + y**2)


# Kinks


@rule("absolute", "np.abs(x)")
def _(g: Any, t: Any, x: Any) -> Gradients:
    return (g * np.sign(x),)


@rule("maximum", "np.maximum(0, x)", "np.maximum(x, y)", "np.maximum(x, 0)", "np.clip(x, -1, 0.5)")
def _(g: Any, t: Any, x: Any, y: Any) -> Gradients:
    return g * (x > y), g * (y > x if x.node.op == "constant" else y >= x)


@rule("minimum", "np.minimum(1, x)", "np.minimum(x, y)")
def _(g: Any, t: Any, x: Any, y: Any) -> Gradients:
    return g * (x < y), g * (y < x if x.node.op == "constant" else y <= x)


@rule("where", "np.where(x > 0, x, 0.1 * x)", "np.where(x > y, row, 0)")
def _(g: Any, t: Any, condition: Any, x: Any, y: Any) -> Gradients:
    return None, np.where(condition, g, 0), np.where(condition, 0, g)


@rule("max", "np.max(x)", "np.max(x, axis=1)", "x.max(axis=0, keepdims=True)")
def _(g: Any, t: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Gradients:
    return (kept(g, x, axis, keepdims) * (x == kept(t, x, axis, keepdims)),)


@rule("min", "np.min(x)", "np.min(x, axis=(0, 1))")
def _(g: Any, t: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Gradients:
    return (kept(g, x, axis, keepdims) * (x == kept(t, x, axis, keepdims)),)


# Constant nearly everywhere: no gradient


def _flat(name: str) -> None:
    RULES[name] = Rule(None, getattr(np, name))


for _name in (
    "sign greater greater_equal less less_equal equal not_equal logical_not logical_and logical_or isfinite isnan"
    " invert bitwise_and bitwise_or bitwise_xor floor ceil rint trunc floor_divide remainder heaviside"
).split():
    _flat(_name)

for _name in "argmax argmin argsort any all".split():
    _flat(_name)
