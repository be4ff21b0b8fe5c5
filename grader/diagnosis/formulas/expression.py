"""Formulas as data: nested tuples, their values at every sample point, their text.  Knows no gradient and no mistake.

    ("q", "h")  a quantity     ("g", "dJ_db1")  a gradient     ("d", "y_hat", "J")  dJ/d(quantity), numerically
    ("c", 2.0)  a number
    (operation, *operands and parameters)        operands are tuples, parameters are names and numbers

Sums and products have any number of operands; a difference is a sum with a `neg`.  Tuples compare and hash by value, so a
formula is its own key in the memory of an `Evaluator`.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from grader.diagnosis.formulas.functions import Functions
from grader.problem.derivatives import differentiate
from grader.problem.model import Array, Graph
from grader.problem.points import Point

Node = tuple[Any, ...]
Values = list[Array]

MAX_ENTRIES = 1 << 18
SQUARING = ("spread", "outer", "jacobian")  # what has as many entries as pairs of those of an operand
MOST_REMEMBERED = 40_000
LEAVES = ("q", "g", "d", "c")


def q(name: str) -> Node:
    return ("q", name)


def number(value: float) -> Node:
    return ("c", float(value))


ONE = number(1)


def add(*terms: Node) -> Node:
    flat = [inner for term in terms for inner in (term[1:] if term[0] == "add" else (term,))]
    return flat[0] if len(flat) == 1 else ("add", *flat)


def mul(*factors: Node) -> Node:
    flat = [inner for factor in factors for inner in (factor[1:] if factor[0] == "mul" else (factor,))]
    return flat[0] if len(flat) == 1 else ("mul", *flat)


def neg(node: Node) -> Node:
    if node[0] == "neg":
        return tuple(node[1])
    return number(-node[1]) if node[0] == "c" else ("neg", node)


def transposed(node: Node) -> Node:
    return tuple(node[1]) if node[0] == "T" else ("T", node)


def one_minus(node: Node) -> Node:
    return add(ONE, neg(node))


def leaves(node: Node) -> list[Node]:
    """All quantities, gradients and numbers in it, as often as they occur."""
    if node[0] in LEAVES:
        return [node]
    return [leaf for part in node[1:] if isinstance(part, tuple) for leaf in leaves(part)]


def replaced(node: Node, old: Node, new: Node) -> Node:
    """`node` with every occurrence of `old` replaced."""
    if node == old:
        return new
    return tuple(replaced(part, old, new) if isinstance(part, tuple) else part for part in node)


def _inverse(a: Array) -> Array:
    return np.asarray(np.linalg.inv(a) if a.shape[0] == a.shape[1] else np.linalg.pinv(a))


OPERATIONS: dict[str, Callable[..., Array]] = {
    "add": lambda *terms: reduce(operator.add, terms),
    "mul": lambda *factors: reduce(operator.mul, factors),
    "neg": lambda a: -a,
    "div": lambda a, b: a / b,
    "mm": lambda a, b: a @ b,
    "T": lambda a: a.T,
    "pow": lambda a, n: a**n,
    "abs": np.abs,
    "ones": np.ones_like,
    "sum": lambda a, axis: a.sum(axis=axis, keepdims=True),
    "mean": lambda a, axis: a.mean(axis=axis, keepdims=True),
    "size": lambda a, axis: np.asarray(float(a.shape[axis])),
    "total": lambda a: a.sum().reshape(1, 1),
    "average": lambda a: np.full_like(a, a.mean()),
    "running": lambda a, axis: np.cumsum(a, axis=axis),
    "reshaped": lambda a: a.reshape(a.shape[::-1]),
    "as": lambda a, like: a.reshape(like.shape),
    "inverse": _inverse,
    "diagonal": lambda a: np.diag(a)[None, :],
    "spread": lambda a: np.diagflat(a),
    "outer": lambda a, b: np.outer(a, b),
    "first": lambda a: np.full_like(a, a.flat[0]),
    "column": lambda a, k: a[:, [k]],
    "row": lambda a, i: a[[int(i) % len(a)], :],
    "argmax": lambda a: np.asarray(np.argmax(a)),
    "hot": lambda i, like: np.eye(like.shape[0])[[int(i) % like.shape[0]]],
    "hot-like": lambda i, like: np.eye(like.shape[-1])[[int(i) % like.shape[-1]]],
    "roll": lambda a, n: np.roll(a, n, axis=-1),
    "max": lambda a: a.max(axis=-1, keepdims=True),
    "repeat": lambda a, like: np.repeat(a, like.shape[0], axis=0),
}


_DEPENDENT: dict[frozenset[Node], dict[Node, bool]] = {}  # shared, since many evaluators ask the same


class Evaluator:
    """Values of formulas at some sample points, remembered.

    A formula that cannot be evaluated (sizes that do not fit, a division by zero) has the value None.
    """

    def __init__(
        self,
        graph: Graph,
        functions: Functions,
        points: Sequence[Point],
        gradients: Mapping[str, Values],
        base: "Evaluator | None" = None,
    ) -> None:
        """Evaluate at `points`; with a `base`, only what depends on `gradients` is computed here, the rest there."""
        self.graph = graph
        self.functions = functions
        self.points = list(points)
        self.base = base
        self._own = {("g", name) for name in gradients}
        self._memory: dict[Node, Values | None] = {("g", name): list(values) for name, values in gradients.items()}
        self._dependent = _DEPENDENT.setdefault(frozenset(self._own), {})

    def __call__(self, node: Node) -> Values | None:
        if node in self._memory:
            return self._memory[node]
        if len(self._memory) > MOST_REMEMBERED:  # memory stays flat however many submissions are diagnosed
            self._memory = {node: value for node, value in self._memory.items() if node[0] in LEAVES}
        if self.base is not None and not self._depends(node):
            return self.base(node)
        with np.errstate(all="ignore"):
            value = self._compute(node)
        self._memory[node] = value
        return value

    def with_gradients(self, own: Mapping[str, Values]) -> "Evaluator":
        """The same sample points with some other gradients."""
        return Evaluator(self.graph, self.functions, self.points, own, base=self)

    def _depends(self, node: Node) -> bool:
        if node not in self._dependent:
            if len(self._dependent) > MOST_REMEMBERED:
                self._dependent.clear()
            inner = (self._depends(part) for part in node if isinstance(part, tuple))
            self._dependent[node] = node in self._own or any(inner)
        return self._dependent[node]

    def _compute(self, node: Node) -> Values | None:
        kind = node[0]
        if kind == "q":
            return [np.asarray(point.values[node[1]]) for point in self.points]
        if kind == "c":
            return [np.asarray(node[1])] * len(self.points)
        if kind == "d":
            found = [differentiate(self.graph, point, node[1], method="complex_step") for point in self.points]
            return [d.value.reshape(np.shape(p.values[node[1]])) for d, p in zip(found, self.points, strict=True)]
        parts: list[Any] = []
        for part in node[1:]:
            value = self(part) if isinstance(part, tuple) else part
            if value is None:
                return None
            parts.append(value if isinstance(part, tuple) else [part] * len(self.points))
        operation = OPERATIONS.get(kind) or self.functions.operation(kind)
        result = []
        try:
            for operands in zip(*parts, strict=True):
                if kind in SQUARING and max(np.size(operand) for operand in operands) ** 2 > MAX_ENTRIES:
                    return None
                value = np.asarray(operation(*operands))
                if value.size > MAX_ENTRIES or value.size == 0 or not np.isfinite(value).all():
                    return None
                result.append(value)
        except (ValueError, IndexError, TypeError, np.linalg.LinAlgError, AttributeError):
            return None
        return result


_BINDING = {"add": 1, "neg": 1, "mul": 2, "div": 2, "mm": 3, "pow": 4, "T": 4}
_WORDS = {
    "running": "cumsum", "spread": "diag", "diagonal": "diag", "total": "sum", "average": "mean", "hot-like": "hot"
}  # fmt: skip


def text(node: Node) -> str:
    """The formula as written on paper: `h_prev^T @ dJ/db1`.  For instructors, and the names of single factors for students."""
    return _text(node, 0)


def gradient_text(name: str) -> str:
    """`dJ_db1` as `dJ/db1`; a name of another form, such as `grad_W`, stays as it is."""
    head, _, tail = name.partition("_")
    return f"{head}/{tail}" if head.startswith("d") and tail.startswith("d") else name


def _text(node: Node, binding: int) -> str:
    """In parentheses where what is around it binds more tightly."""
    shown = _leaf(node) or _operation(node) or _call(node)
    return f"({shown})" if _BINDING.get(node[0], 9) < binding else shown


def _leaf(node: Node) -> str:
    if node[0] == "g":
        return gradient_text(node[1])
    if node[0] == "c":
        return f"{node[1]:g}"
    if node[0] == "d":
        return f"d{node[2]}/d{node[1]}"
    return str(node[1]) if node[0] == "q" else ""


def _operation(node: Node) -> str:
    match node:
        case ("add", first, *rest):
            return _text(first, 1) + _rest(rest)
        case ("neg", inner):
            return f"-{_text(inner, 2)}"
        case ("mul", *factors):
            return " * ".join(_text(factor, 2) for factor in factors)
        case ("div", a, b):
            return f"{_text(a, 2)} / {_text(b, 3)}"
        case ("mm", a, b):
            return f"{_text(a, 3)} @ {_text(b, 4)}"
        case ("T", a):
            return f"{_text(a, 5)}^T"
        case ("pow", a, n):
            return f"{_text(a, 5)}^{n:g}"
        case _:
            return ""


def _rest(terms: Sequence[Node]) -> str:
    return "".join(f" - {_text(term[1], 2)}" if term[0] == "neg" else f" + {_text(term, 1)}" for term in terms)


def _call(node: Node) -> str:
    match node:
        case ("fn", name, a):
            return f"{name}({_text(a, 0)})"
        case ("derivative", name, a):
            return f"{name}'({_text(a, 0)})"
        case _:
            parts = [_text(part, 0) if isinstance(part, tuple) else str(part) for part in node[1:]]
            return f"{_WORDS.get(node[0], node[0])}({', '.join(parts)})"
