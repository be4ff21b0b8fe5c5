"""The table of derivatives, continued: sums, products of matrices, shapes, picking and placing."""

from typing import Any

import numpy as np

from grader.derivation.graph.indexing import along, join_index
from grader.derivation.graph.nodes import Array
from grader.derivation.graph.recorder import at_index, record
from grader.derivation.rules.rules import Gradients, kept, rule

# Sums


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


@rule("matmul", "x @ A", "v @ x.T", "x @ v", "v @ v", "S @ T", "S @ A.T[:2, :4].T", "v @ T", "S @ v")
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
    "np.einsum('...i,i->...', S, row)",
    "np.einsum('ij->j', x)",
    "np.tensordot(x, A, 1)",
    "np.inner(x, y)",
    compute=lambda *arrays, subscripts: np.einsum(subscripts, *arrays),
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


@rule(
    "reshape",
    "x.reshape(3, 2)",
    "np.ravel(x)",
    "np.expand_dims(x, 1)",
    "np.squeeze(column)",
    compute=lambda x, shape: np.reshape(x, shape),
)
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
    lengths = [part.node.shape[axis] for part in arrays]
    return tuple(g[along(axis, slice(end - length, end))] for length, end in zip(lengths, ends, strict=True))


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
    "np.diag(v)",
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


@rule("tril", "np.tril(S)", "np.tril(x, -1)")
def _(g: Any, t: Any, x: Any, *, k: int) -> Gradients:
    return (np.tril(g, k),)


@rule("triu", "np.triu(x)")
def _(g: Any, t: Any, x: Any, *, k: int) -> Gradients:
    return (np.triu(g, k),)


def _setitem(base: Array, value: Array, *arrays: Array, index: Any) -> Array:
    result = np.array(base, dtype=float)
    result[join_index(index, arrays)] = value
    return result


@rule("setitem", "placed(x, row)", compute=_setitem)
def _(g: Any, t: Any, base: Any, value: Any, *arrays: Any, index: Any) -> Gradients:
    kept_part = record("setitem", g, 0, *arrays, index=index)
    return kept_part, record("getitem", g, *arrays, index=index), *[None] * len(arrays)
