"""What the operations of a formula compute.  Those of numpy are the derivation's own; here is the rest.

Core operations have any number of operands; the others are what comes out where something has gone wrong.
"""

import operator
from collections.abc import Callable
from functools import reduce

import numpy as np

from grader.derivation.graph.recorder import RULES
from grader.derivation.rules import array_rules, shapes, units
from grader.derivation.simplify import algebra
from grader.problem.model import Array

TABLES = (array_rules, shapes, units, algebra)  # importing them fills the table of rules
MOST_TO_INVERT = 1 << 18  # multiplications, about; 64 by 64 is possible


def _inverse(a: Array) -> Array:
    if a.size * min(a.shape) > MOST_TO_INVERT:
        raise ValueError("too large to invert")
    return np.asarray(np.linalg.inv(a) if a.shape[0] == a.shape[1] else np.linalg.pinv(a))


def _transposed(a: Array) -> Array:
    return a.T if a.ndim <= 2 else np.swapaxes(a, -1, -2)


def _along(name: str) -> Callable[..., Array]:
    """A reduction along one axis, which stays."""
    compute = RULES[name].compute
    return lambda a, axis: compute(a, axis=(axis,), keepdims=True)


def _numeric(a: Array) -> Array:
    """A comparison as zeros and ones: numpy has no minus for truth values, and adds them up as an `or`."""
    return a.astype(float) if a.dtype.kind == "b" else a


def _sum(first: Array, *others: Array) -> Array:
    return reduce(operator.add, others, _numeric(first))


def _product(*factors: Array) -> Array:
    return factors[0] * factors[1] if len(factors) == 2 else reduce(operator.mul, factors)


def _without(a: Array, k: int, axis: int) -> Array:
    """Zeros in one place along an axis."""
    kept = np.ones(a.shape[axis])
    kept[k] = 0.0
    return np.asarray(a * np.expand_dims(kept, tuple(i for i in range(a.ndim) if i != axis)))


CORE: dict[str, Callable[..., Array]] = {
    "add": _sum,
    "mul": _product,
    "neg": lambda a: -_numeric(a),
    "div": operator.truediv,
    "mm": RULES["matmul"].compute,
    "T": _transposed,
    "pow": lambda a, n: a**n,
    "sum": _along("sum"),
    "mean": _along("mean"),
    "outer": RULES["outer"].compute,
}

WRONG: dict[str, Callable[..., Array]] = {
    "abs": np.abs,
    "ones": np.ones_like,
    "total": lambda a: a.sum().reshape(1, 1),
    "average": lambda a: np.full_like(a, a.mean()),
    "running": lambda a, axis: np.cumsum(a, axis=axis),
    "reshaped": lambda a: a.reshape(a.shape[::-1]),
    "as": lambda a, like: a.reshape(like.shape),
    "squeezed": np.squeeze,
    "inverse": _inverse,
    "diagonal": lambda a: np.diag(a)[None, :],
    "spread": lambda a: np.diagflat(a),
    "first": lambda a: np.full_like(a, a.flat[0]),
    "one-of": lambda a, k, axis: np.take(a, [k], axis=axis),
    "column": lambda a, k: a[:, [k]],
    "row": lambda a, i: a[[int(i) % len(a)], :],
    "argmax": lambda a: np.asarray(np.argmax(a)),
    "hot": lambda i, like: np.eye(like.shape[0])[[int(i) % like.shape[0]]],
    "hot-like": lambda i, like: np.eye(like.shape[-1])[[int(i) % like.shape[-1]]],
    "hot-rows": lambda a: np.eye(a.shape[-1])[np.argmax(a, axis=-1)],
    "every-target": lambda a: np.broadcast_to(a.max(axis=0), a.shape),
    "all": np.sum,
    "roll": lambda a, n: np.roll(a, n, axis=-1),
    "without": _without,
    "flip": lambda a, axis: np.flip(a, axis),
    "moved": lambda i, away: i + away,
    "rows": lambda a: a.reshape(-1, a.shape[-1]),
    "at-least-one": lambda a: np.maximum(a, 1),
    "max": lambda a: a.max(axis=-1, keepdims=True),
    "repeat": lambda a, like: np.repeat(a, like.shape[0], axis=0),
}

# Of finite numbers these make finite ones.
CORE_FINITE = {"add", "mul", "neg", "mm", "T", "sum", "mean", "outer", "ones", "abs", "total", "spread", "diagonal"}

OPERATIONS = CORE | WRONG
