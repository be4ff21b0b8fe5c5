"""numpy's functions in terms of fewer operations: `np.var` is a mean of squares, `np.dot` a matrix product.

Each entry of `FUNCTIONS` is called with stand-ins, takes the arguments of numpy's function of that name, and is the
mathematics of it.  A function that is in neither table here nor in `rules` is reported as unreadable.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grader.derivation.graph.recorder import FUNCTIONS, Tracer, lift, record, unreadable

Axis = int | Sequence[int] | None


def function(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a definition under numpy's names for it."""

    def register(definition: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS.update(dict.fromkeys(names, definition))
        return definition

    return register


def axes_of(x: Any, axis: Axis) -> tuple[int, ...]:
    """An `axis` argument as the axes that it means, counted from the left."""
    if axis is None:
        return tuple(range(x.ndim))
    several = axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(sorted(operator.index(each) % x.ndim for each in several))


def length_of(x: Any, axis: Axis) -> Any:
    total: Any = 1
    for each in axes_of(x, axis):
        total = total * x.shape[each]
    return total


def whole(shape: Any) -> tuple[int, ...]:
    return tuple(map(operator.index, shape)) if isinstance(shape, tuple | list) else (operator.index(shape),)


# Reductions


def _reduction(op: str) -> Callable[..., Any]:
    def reduce(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
        return record(op, x, axis=axes_of(x, axis), keepdims=bool(keepdims)) if x.ndim else x

    return reduce


for _op, _names in {"sum": "sum", "max": "max amax", "min": "min amin", "prod": "prod"}.items():
    function(*_names.split())(_reduction(_op))


@function("add_reduce")
def add_reduce(x: Any, axis: Axis = 0, *, keepdims: bool = False) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims)


@function("multiply_reduce")
def multiply_reduce(x: Any, axis: Axis = 0, *, keepdims: bool = False) -> Any:
    return np.prod(x, axis=axis, keepdims=keepdims)


@function("max_reduce")
def max_reduce(x: Any, axis: Axis = 0, *, keepdims: bool = False) -> Any:
    return np.max(x, axis=axis, keepdims=keepdims)


@function("mean", "average")
def mean(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims) / length_of(x, axis)


@function("var")
def var(x: Any, axis: Axis = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    centred = x - np.mean(x, axis=axis, keepdims=True)
    count = length_of(x, axis) - ddof if ddof else length_of(x, axis)
    return np.sum(centred**2, axis=axis, keepdims=keepdims) / count


@function("std")
def std(x: Any, axis: Axis = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    return np.sqrt(np.var(x, axis=axis, ddof=ddof, keepdims=keepdims))


@function("linalg.norm")
def norm(x: Any, ord: Any = None, axis: Axis = None, *, keepdims: bool = False) -> Any:
    if ord not in (None, 2, "fro") or (ord == 2 and x.ndim > 1 and axis is None):
        raise unreadable(f"np.linalg.norm with ord={ord!r}")
    return np.sqrt(np.sum(x**2, axis=axis, keepdims=keepdims))


@function("cumsum")
def cumsum(x: Any, axis: int | None = None) -> Any:
    return record("cumsum", np.ravel(x), axis=0) if axis is None else record("cumsum", x, axis=axis % x.ndim)


# Products


@function("dot")
def dot(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    return a @ b if np.ndim(b) <= 2 else np.tensordot(a, b, axes=(-1, -2))


@function("vdot")
def vdot(a: Any, b: Any) -> Any:
    return np.sum(a * b)


@function("inner")
def inner(a: Any, b: Any) -> Any:
    if np.ndim(a) == 1 and np.ndim(b) == 1:
        return a @ b
    return np.tensordot(a, b, axes=(-1, -1))


@function("outer")
def outer(a: Any, b: Any) -> Any:
    return record("outer", np.ravel(a), np.ravel(b))


_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@function("tensordot")
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    left, right = np.ndim(a), np.ndim(b)
    if isinstance(axes, int):
        pairs = [(left - axes + position, position) for position in range(axes)]
    else:
        first, second = ([each] if isinstance(each, int) else each for each in axes)
        pairs = [(p % left, q % right) for p, q in zip(first, second, strict=True)]
    of_a, of_b = list(_LETTERS[:left]), list(_LETTERS[left : left + right])
    for p, q in pairs:
        of_b[q] = of_a[p]
    summed = {of_a[p] for p, _ in pairs}
    out = "".join(letter for letter in of_a + of_b if letter not in summed)
    return np.einsum(f"{''.join(of_a)},{''.join(of_b)}->{out}", a, b)


@function("einsum")
def einsum(subscripts: str, *operands: Any) -> Any:
    inputs, arrow, out = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    free = [letter for letter in _LETTERS if letter not in subscripts]
    longest = max([np.ndim(x) - len(term) + 3 for term, x in zip(terms, operands, strict=True) if "..." in term] or [0])
    dots = "".join(free[:longest])

    def without_dots(term: str, x: Any) -> str:
        count = np.ndim(x) - len(term) + 3
        return term.replace("...", dots[len(dots) - count :]) if "..." in term else term

    terms = [without_dots(term, x) for term, x in zip(terms, operands, strict=True)]
    if any(len(set(term)) < len(term) for term in terms):
        raise unreadable(f"np.einsum({subscripts!r}): a letter twice in one factor")
    once = sorted(letter for letter in set("".join(terms)) if "".join(terms).count(letter) == 1 and letter not in dots)
    out = out.replace("...", dots) if arrow else dots + "".join(once)
    return record("einsum", *operands, subscripts=f"{','.join(terms)}->{out}")


# Element by element


@function("clip")
def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low = a_min if a_min is not None else min
    high = a_max if a_max is not None else max
    raised = x if low is None else np.maximum(x, low)
    return raised if high is None else np.minimum(raised, high)


@function("log2")
def log2(x: Any) -> Any:
    return np.log(x) / np.log(2)


@function("log10")
def log10(x: Any) -> Any:
    return np.log(x) / np.log(10)


@function("exp2")
def exp2(x: Any) -> Any:
    return 2**x


@function("square")
def square(x: Any) -> Any:
    return x**2


@function("reciprocal")
def reciprocal(x: Any) -> Any:
    return 1 / x


@function("positive", "conjugate", "conj", "real", "ascontiguousarray", "copy", "nan_to_num")
def same(x: Any) -> Any:
    return Tracer(x.node)


@function("float_power")
def float_power(x: Any, exponent: Any) -> Any:
    return x**exponent


@function("zeros_like", "empty_like")
def zeros_like(x: Any) -> Any:
    return Tracer(x.node.graph.constant(np.zeros(x.node.shape)))


@function("ones_like")
def ones_like(x: Any) -> Any:
    return Tracer(x.node.graph.constant(np.ones(x.node.shape)))


@function("full_like")
def full_like(x: Any, fill_value: Any) -> Any:
    return np.broadcast_to(lift(fill_value, x.node.graph), x.node.shape)


@function("shape")
def shape(x: Any) -> Any:
    return x.shape


@function("ndim")
def ndim(x: Any) -> int:
    return int(x.ndim)


@function("size")
def size(x: Any, axis: int | None = None) -> Any:
    return x.size if axis is None else x.shape[axis]


@function("result_type", "common_type", "min_scalar_type")
def result_type(*_: Any) -> Any:
    return np.dtype(float)


@function("iscomplexobj")
def iscomplexobj(_: Any) -> bool:
    return False


def _flat(op: str) -> None:
    FUNCTIONS[op] = lambda x, axis=None: record(op, x, axis=axis)


for _name in "argmax argmin argsort any all".split():
    _flat(_name)


@function("round", "around")
def round_(x: Any, decimals: int = 0) -> Any:
    return record("rint", x) if not decimals else record("rint", x * 10**decimals) / 10**decimals
