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

from grader.derivation.indexing import join_index
from grader.derivation.nodes import Array
from grader.derivation.recorder import RULES, Rule, at_index, record

Gradients = tuple[Any, ...]


def rule(name: str, *examples: str, compute: Callable[..., Any] | None = None) -> Callable[[Any], Any]:
    """Register a derivative under the operation's name, which is numpy's unless `compute` says what it computes."""

    def register(gradient: Callable[..., Gradients]) -> Callable[..., Gradients]:
        RULES[name] = Rule(gradient, compute or getattr(np, name), examples)
        return gradient

    return register


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


@rule("sqrt", "np.sqrt(p)")
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


# Sums


def kept(g: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """The result of a reduction with the axes that it lost, of size one."""
    return g if keepdims or not g.ndim else np.expand_dims(g, axis)


@rule(
    "sum", "np.sum(x)", "np.sum(x, axis=0)", "x.sum(1, keepdims=True)", "np.mean(S, axis=(0, 2))", "np.var(x, axis=0)"
)
def _(g: Any, t: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Gradients:
    return (np.broadcast_to(kept(g, x, axis, keepdims), x.shape),)


@rule("prod", "np.prod(p)", "np.prod(p, axis=1)")
def _(g: Any, t: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Gradients:
    return (kept(g * t, x, axis, keepdims) / x,)


@rule("cumsum", "np.cumsum(x, axis=1)", "np.cumsum(x)")
def _(g: Any, t: Any, x: Any, *, axis: int) -> Gradients:
    return (np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis),)


# Products of matrices


@rule("matmul", "x @ A", "v @ x.T", "x @ v", "v @ v", "S @ T", "S @ A.T[:2, :4].T", "v @ T", "T @ v")
def _(g: Any, t: Any, a: Any, b: Any) -> Gradients:
    if a.ndim == 1 and b.ndim == 1:
        return g * b, g * a
    if a.ndim == 1:
        by_a = b @ g if b.ndim == 2 else np.sum(b * g[..., None, :], axis=-1)
        return by_a, np.outer(a, g) if b.ndim == 2 else a[:, None] * g[..., None, :]
    if b.ndim == 1:
        by_b = a.T @ g if a.ndim == 2 else np.sum(a * g[..., None], axis=tuple(range(a.ndim - 1)))
        return np.outer(g, b) if a.ndim == 2 else g[..., None] * b, by_b
    return g @ np.swapaxes(b, -1, -2), np.swapaxes(a, -1, -2) @ g


@rule("outer", "np.outer(v, row)", "np.outer(v, v)")
def _(g: Any, t: Any, a: Any, b: Any) -> Gradients:
    return g @ b, a @ g


@rule(
    "einsum",
    "np.einsum('ij,jk->ik', x, A)",
    "np.einsum('ij,ij', x, y)",
    "np.einsum('...i,i->...', S, q)",
    "np.einsum('ij->j', x)",
    "np.tensordot(x, A, 1)",
    "np.inner(x, y)",
)
def _(g: Any, t: Any, *arrays: Any, subscripts: str) -> Gradients:
    inputs, _, out = subscripts.partition("->")
    terms = inputs.split(",")
    return tuple(_einsum_part(g, arrays, terms, out, position) for position in range(len(arrays)))


def _einsum_part(g: Any, arrays: Gradients, terms: list[str], out: str, position: int) -> Any:
    """Exchange the argument and the result in the subscripts; a letter that only the argument has is repeated."""
    others = [k for k in range(len(arrays)) if k != position]
    wanted = terms[position]
    known = "".join(letter for letter in wanted if letter in out or any(letter in terms[k] for k in others))
    subscripts = f"{','.join([out, *(terms[k] for k in others)])}->{known}"
    part = np.einsum(subscripts, g, *[arrays[k] for k in others])
    if known == wanted:
        return part
    spread = part[tuple(slice(None) if letter in known else None for letter in wanted)]
    return np.broadcast_to(spread, arrays[position].shape)


# Shapes, picking and placing


@rule("reshape", "x.reshape(3, 2)", "np.ravel(x)", "np.expand_dims(x, 1)", "np.squeeze(column)")
def _(g: Any, t: Any, x: Any, *, shape: tuple[int, ...]) -> Gradients:
    return (np.reshape(g, x.shape),)


@rule("transpose", "x.T", "np.transpose(S, (1, 2, 0))", "np.swapaxes(S, 0, 1)", "np.moveaxis(S, 0, -1)")
def _(g: Any, t: Any, x: Any, *, axes: tuple[int, ...]) -> Gradients:
    return (np.transpose(g, tuple(int(axis) for axis in np.argsort(axes))),)


@rule("broadcast_to", "np.broadcast_to(row, (2, 3))", "np.broadcast_to(column, (4, 2, 3))")
def _(g: Any, t: Any, x: Any, *, shape: tuple[int, ...]) -> Gradients:
    return (g,)


@rule(
    "concatenate",
    "np.concatenate([x, y], axis=1)",
    "np.vstack([x, y])",
    "np.hstack([v, row])",
    "np.stack([x, y])",
    compute=lambda *arrays, axis: np.concatenate(arrays, axis),
)
def _(g: Any, t: Any, *arrays: Any, axis: int) -> Gradients:
    ends = np.cumsum([part.node.shape[axis] for part in arrays]).tolist()
    around = (slice(None),) * axis
    return tuple(g[(*around, slice(end - part.node.shape[axis], end))] for part, end in zip(arrays, ends, strict=True))


@rule(
    "getitem",
    "x[0]",
    "x[:, 1:]",
    "x[[0, 0, 1]]",
    "x[x > 0]",
    "x[..., None, ::2]",
    "np.take(x, [1, 1], axis=1)",
    "np.flip(x, 1)",
    "np.roll(x, 1, axis=1)",
    "np.diag(x)",
    "np.trace(x)",
    "np.split(x, 3, axis=1)[1]",
    "np.take_along_axis(x, np.array([[0], [2]]), 1)",
    "np.repeat(x, 2, axis=0)",
    "np.tile(v, 2)",
    compute=at_index,
)
def _(g: Any, t: Any, x: Any, *arrays: Any, index: Any) -> Gradients:
    return record("scatter", g, *arrays, index=index, shape=x.node.shape), *[None] * len(arrays)


def _scatter(value: Array, *arrays: Array, index: Any, shape: tuple[int, ...]) -> Array:
    result = np.zeros(shape)
    np.add.at(result, join_index(index, arrays), value)
    return result


@rule("scatter", "np.pad(x, 1)", "np.pad(x, ((0, 0), (2, 1)))", "added(x, [0, 0, 1])", compute=_scatter)
def _(g: Any, t: Any, x: Any, *arrays: Any, index: Any, shape: tuple[int, ...]) -> Gradients:
    return record("getitem", g, *arrays, index=index), *[None] * len(arrays)


def _setitem(base: Array, value: Array, *arrays: Array, index: Any) -> Array:
    result = np.array(base, dtype=float)
    result[join_index(index, arrays)] = value
    return result


@rule("setitem", "placed(x, row)", "np.tril(S)", "np.diag(v)", compute=_setitem)
def _(g: Any, t: Any, base: Any, value: Any, *arrays: Any, index: Any) -> Gradients:
    kept_part = record("setitem", g, 0, *arrays, index=index)
    return kept_part, record("getitem", g, *arrays, index=index), *[None] * len(arrays)


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
