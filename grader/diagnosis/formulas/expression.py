"""The values of formulas at every sample point.  Knows no gradient and no mistake."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np

from grader.derivation.graph.indexing import join_index
from grader.derivation.graph.recorder import RULES
from grader.diagnosis.formulas.formula_nodes import (
    LEAVES,
    ONE,
    STEP,
    Node,
    add,
    depends_on_step,
    holds,
    leaves,
    mul,
    neg,
    number,
    one_minus,
    q,
    replaced,
    resolved,
    step_of,
    transposed,
    whole_number,
)
from grader.diagnosis.formulas.formula_text import gradient_text, text
from grader.diagnosis.formulas.functions import Functions
from grader.diagnosis.formulas.operations import CORE_FINITE, OPERATIONS
from grader.problem.derivatives import differentiate
from grader.problem.model import Array, Graph
from grader.problem.points import Point

__all__ = ["ONE", "Evaluator", "Node", "Values", "add", "gradient_text", "leaves", "mul", "neg", "number", "one_minus"]
__all__ += ["holds", "q", "replaced", "text", "transposed"]

Values = list[Array]
Steps = Mapping[str, int]

MAX_ENTRIES = 1 << 18
SQUARING = ("spread", "outer", "jacobian")  # what has as many entries as pairs of those of an operand
MOST_REMEMBERED = 40_000
MOST_BYTES = 1 << 26  # ... of all values that are remembered
OVERWRITTEN = {
    "overwritten": 1,
    "overwritten back": -1,
}  # which steps of a series: all, the last or the first one stays
IMPOSSIBLE = (ValueError, IndexError, TypeError, np.linalg.LinAlgError, AttributeError, KeyError, MemoryError)

_DEPENDENT: dict[frozenset[Node], dict[Node, bool]] = {}  # shared, since many evaluators ask the same


class Impossible(Exception):
    """A part of a formula that has no finite value, or too many of them."""


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
        self._bytes = 0
        self._dependent = _DEPENDENT.setdefault(frozenset(self._own), {})

    def __call__(self, node: Node) -> Values | None:
        if node in self._memory:
            return self._memory[node]
        with np.errstate(all="ignore"):
            return self._value(node)

    def with_gradients(self, own: Mapping[str, Values]) -> "Evaluator":
        """The same sample points with some other gradients."""
        return Evaluator(self.graph, self.functions, self.points, own, base=self)

    def _value(self, node: Node) -> Values | None:
        if node in self._memory:
            return self._memory[node]
        if len(self._memory) > MOST_REMEMBERED or self._bytes > MOST_BYTES:
            self._forget()
        if self.base is not None and not self._depends(node):
            return self.base._value(node)
        value = self._leaf(node) if node[0] in LEAVES else self._compute(node)
        self._memory[node] = value
        self._bytes += _bytes(value)
        return value

    def _forget(self) -> None:
        """Memory stays flat however much is diagnosed.  The oldest values are kept: those that everything is made of."""
        kept: dict[Node, Values | None] = {}
        self._bytes = 0
        for node, value in self._memory.items():
            size = _bytes(value)
            fits = self._bytes + size <= MOST_BYTES // 2 and len(kept) < MOST_REMEMBERED // 2
            if node[0] in LEAVES or fits:
                kept[node] = value
                self._bytes += size
        self._memory = kept

    def _depends(self, node: Node) -> bool:
        if node not in self._dependent:
            if len(self._dependent) > MOST_REMEMBERED:
                self._dependent.clear()
            inner = (self._depends(part) for part in node if isinstance(part, tuple))
            self._dependent[node] = node in self._own or any(inner)
        return self._dependent[node]

    def _leaf(self, node: Node) -> Values | None:
        match node:
            case ("q", name):
                return [np.asarray(point.values[name]) for point in self.points]
            case ("c", value):
                return [np.asarray(value)] * len(self.points)
            case ("size", name):
                return [np.asarray(float(whole_number(name, point.sizes))) for point in self.points]
            case ("k", name):
                return [np.asarray(self.graph.functions[self.graph.loss].__globals__[name])] * len(self.points)
            case ("array", name):
                return [constant_array(name, point.sizes) for point in self.points]
            case ("d", name, _):
                found = [differentiate(self.graph, point, name, method="complex_step") for point in self.points]
                return [d.value.reshape(np.shape(p.values[name])) for d, p in zip(found, self.points, strict=True)]
            case _:
                return None  # a gradient that is not known, or what only a step has

    def _compute(self, node: Node) -> Values | None:
        try:
            if node[0] in ("series", "scan"):
                return [checked(self._over_steps(node, k)) for k in range(len(self.points))]
            parts = []
            for part in node[1:]:
                if isinstance(part, tuple):
                    value = self._value(part)
                    if value is None:
                        return None
                    parts.append(value)
            if node[0] in SQUARING and max(value.size for values in parts for value in values) ** 2 > MAX_ENTRIES:
                return None
            if node[0] == "np":
                compute = RULES[node[1]].compute
                given = [resolved(node[2], point.sizes) for point in self.points]
                found = [
                    compute(*operands, **one) for operands, one in zip(zip(*parts, strict=True), given, strict=True)
                ]
                return [checked(value) for value in found]
            operation = self._operation(node)
            check = _fitting if node[0] in CORE_FINITE else checked
            return [check(operation(*operands)) for operands in zip(*parts, strict=True)]
        except (*IMPOSSIBLE, Impossible):
            return None

    def _operation(self, node: Node) -> Callable[..., Any]:
        """An operation that is not numpy's, with its parameters."""
        operation: Callable[..., Any] | None = OPERATIONS.get(node[0])
        if operation is None:
            return partial(self.functions.operation(node[0]), node[1])
        parameters = [part for part in node[1:] if not isinstance(part, tuple)]
        return (lambda *operands: operation(*operands, *parameters)) if parameters else operation

    # Sums over steps

    def _over_steps(self, node: Node, k: int, around: Steps | None = None) -> Any:
        """The value of a sum over steps at sample point k, within the steps `around` it."""
        kind, count, which, *parts = node
        every, sign = range(whole_number(count, self.points[k].sizes)), step_of(node)
        if which in OVERWRITTEN:
            return self._overwritten(
                parts[0], [{**(around or {}), sign: step} for step in every[:: OVERWRITTEN[which]]], k
            )
        steps, summed = _chosen(every, which)
        total, carry = np.asarray(0.0), np.asarray(0.0)
        for step in steps:
            at = {**(around or {}), sign: step}
            known: dict[Node, Array] = {}
            if kind == "scan":
                known[("carry",)] = carry
                known[("state",)] = self._at_step(parts[0], k, at, known)
                carry = self._at_step(parts[1], k, at, known)
            if step in summed and (kind == "series" or len(parts) > 2):
                total = total + self._at_step(parts[-1], k, at, known)
        return carry if kind == "scan" and len(parts) == 2 else total

    def at_steps(self, scan: Node, k: int) -> Iterator[tuple[int, dict[Node, Array]]]:
        """What each step of a recurrence has at sample point k, from the last one back: the step, and what it is made of."""
        carry = np.asarray(0.0)
        for step in reversed(range(whole_number(scan[1], self.points[k].sizes))):
            known: dict[Node, Array] = {("carry",): carry}
            known[("state",)] = self._at_step(scan[3], k, {STEP: step}, known)
            yield step, known
            carry = self._at_step(scan[4], k, {STEP: step}, known)

    def part_at(self, node: Node, k: int, step: int, known: dict[Node, Array]) -> Array | None:
        """A part of a recurrence at one step, some of its own parts being `known`; None where it has no value."""
        try:
            return checked(self._at_step(node, k, {STEP: step}, known))
        except (*IMPOSSIBLE, Impossible):
            return None

    def _overwritten(self, term: Node, steps: Sequence[Steps], k: int) -> Array:
        """What is placed at each step, where later steps replace what is there; in loops within loops, too."""
        while term[0] == "series" and term[2] in OVERWRITTEN:
            inner = range(whole_number(term[1], self.points[k].sizes))[:: OVERWRITTEN[term[2]]]
            steps = [{**at, step_of(term): step} for at in steps for step in inner]
            term = term[3]
        total = None
        for at in steps:
            value, *arrays = (self._at_step(part, k, at, {}) for part in term[3:])
            given = resolved(term[2], {**self.points[k].sizes, **at})
            total = np.zeros(given["shape"]) if total is None else total
            total[join_index(given["index"], arrays)] = value
        return np.asarray(total)

    def _at_step(self, node: Node, k: int, at: Steps, known: dict[Node, Array]) -> Array:
        if node in known:
            return known[node]
        if node[0] == "before":
            return self._at_step(node[2 if at[STEP] == 0 else 1], k, at, known)
        if not depends_on_step(node):
            values = self._value(node)
            if values is None:
                raise Impossible
            return values[k]
        if node[0] == "series":
            return np.asarray(self._over_steps(node, k, at))
        operands = [self._at_step(part, k, at, known) for part in node[1:] if isinstance(part, tuple)]
        if node[0] == "np":
            return np.asarray(RULES[node[1]].compute(*operands, **resolved(node[2], {**self.points[k].sizes, **at})))
        return np.asarray(self._operation(node)(*operands))


def _bytes(values: Values | None) -> int:
    return sum(value.nbytes for value in values) if values is not None else 0


def _fitting(value: Any) -> Array:
    array = value if type(value) is np.ndarray else np.asarray(value)
    if not 0 < array.size <= MAX_ENTRIES:
        raise Impossible
    return array


def checked(value: Any) -> Array:
    array = _fitting(value)
    if not np.isfinite(array).all():
        raise Impossible
    return array


def _chosen(steps: range, which: str) -> tuple[Sequence[int], Sequence[int]]:
    """The steps in the order in which they are taken, back in time unless something has gone wrong; and those added up."""
    back = steps[::-1]
    ways: dict[str, tuple[Sequence[int], Sequence[int]]] = {
        "": (back, steps),
        "forward": (steps, steps),
        "only the last": (back, steps[-1:]),
        "only the first": (back, steps[:1]),
        "without the first": (back[:-1], steps),
        "without the last": (back[1:], steps),
    }
    return ways[which]


def constant_array(name: str, sizes: Mapping[str, int]) -> Array:
    """`arange(N)`, `eye(N)`, or a list as JSON."""
    kind, _, inner = name.rstrip(")").partition("(")
    if kind in ("arange", "eye"):
        return np.asarray(getattr(np, kind)(whole_number(inner, sizes)))
    return np.array(msgspec.json.decode(name))
