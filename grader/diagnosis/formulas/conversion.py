"""From the derivation's graph of a formula to the formula that is mutated: one node for all sample points.

Sums and products are ordered as people write them.  A whole number that is a size at this point is taken for that size: the
caller compares the values at the other points, and asks for the numbers themselves where it is not.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from grader.derivation.graph.indexing import Slice, Slot
from grader.derivation.graph.nodes import Node as GraphNode
from grader.derivation.simplify.algebra import Number
from grader.derivation.writing.style import in_order, leaves_in, place, powers_of, split_number, to_flip, with_means
from grader.diagnosis.formulas.formula_nodes import Node, add, call, mul, neg, number, q, transposed
from grader.diagnosis.formulas.functions import Functions

MOST_SIDE_BY_SIDE = 6
SMALL = 3  # whole numbers below are taken for themselves, in an index


class Converter:
    """Converts nodes of one graph.

    Attributes:
        sizes: the name of each size; empty to take numbers as they are.
        known: nodes that are something else here, such as the state of a loop.
    """

    def __init__(
        self,
        functions: Functions,
        helpers: Mapping[str, str],
        constants: set[str],
        sizes: Mapping[int, str],
        known: Mapping[GraphNode, Node] | None = None,
    ) -> None:
        self.functions, self.helpers, self.constants, self.sizes = functions, helpers, constants, sizes
        self._known: dict[GraphNode, Node] = dict(known or {})

    exact_places = False  # whether the numbers in an index are kept as they are

    def again(self, known: Mapping[GraphNode, Node]) -> "Converter":
        """The same with other nodes known."""
        return type(self)(self.functions, self.helpers, self.constants, self.sizes, known)

    def __call__(self, node: GraphNode) -> Node:
        if node not in self._known:
            convert = getattr(self, f"_{node.op}", None) or self._operation
            self._known[node] = convert(node)
        return self._known[node]

    # Leaves

    def _leaf(self, node: GraphNode) -> Node:
        return ("k", node.name) if node.name in self.constants else q(node.name)

    def _gradient(self, node: GraphNode) -> Node:
        return ("g", node.name)

    def _size(self, node: GraphNode) -> Node:
        return ("size", node.name)

    def _constant(self, node: GraphNode) -> Node:
        value = node.value
        if value.ndim == 0:
            return number(float(value))
        if value.dtype.kind == "f" and value.size and np.ptp(value) == 0:
            return call("broadcast_to", number(float(value.flat[0])), shape=self._shape(value.shape))
        if value.size > 1 and value.size in value.shape and np.array_equal(value.ravel(), np.arange(value.size)):
            counted: Node = ("array", f"arange({self._length(value.size)})")
            return counted if value.ndim == 1 else call("reshape", counted, shape=self._shape(value.shape))
        if value.ndim == 2 and np.array_equal(value, np.eye(len(value))):
            return ("array", f"eye({self._length(len(value))})")
        return ("array", "".join(repr(value.tolist()).split()).lower())

    # Arithmetic

    def _plus(self, node: GraphNode, sign: int = 1) -> Node:
        terms = [(sign * c, term) for c, term in zip(node.get("coefficients"), node.args, strict=True)]
        falling = any(c < 0 for c, _ in terms)
        terms.sort(key=lambda pair: (pair[0] < 0, place(pair[1], falling), leaves_in(pair[1])))
        return add(*(self._multiple(c, term) for c, term in terms))

    def _multiple(self, coefficient: Number, term: GraphNode) -> Node:
        if abs(coefficient) == 1:
            return self(term) if coefficient > 0 else neg(self(term))
        if term.is_number():
            return number(float(coefficient) * float(term.value))
        if term.op == "times":
            return self._product(coefficient * term.get("coefficient"), powers_of(term))
        return self._product(coefficient, [(term, Fraction(1))])

    def _times(self, node: GraphNode) -> Node:
        return self._product(node.get("coefficient"), powers_of(node))

    def _product(self, coefficient: Number, powers: list[tuple[GraphNode, Number]]) -> Node:
        flipped = to_flip(coefficient, powers)
        coefficient = -coefficient if flipped else coefficient
        ordered = in_order(with_means(powers))
        over, under = split_number(coefficient if coefficient >= 0 else -coefficient)
        above = [self._raised(f, e, f is flipped) for f, e in ordered if e > 0]
        below = [self._raised(f, -e, f is flipped) for f, e in ordered if e < 0]
        if over != "1" or not above:
            above.insert(0, number(float(over)))
        if under != "1":
            below.insert(0, number(float(under)))
        product = ("div", mul(*above), mul(*below)) if below else mul(*above)
        return neg(product) if coefficient < 0 else product

    def _raised(self, factor: GraphNode, exponent: Number, flip: bool) -> Node:
        base = self._plus(factor, -1) if flip else self(factor)
        return base if exponent == 1 else ("pow", base, float(exponent))

    # Arrays

    def _matmul(self, node: GraphNode) -> Node:
        return ("mm", self(node.args[0]), self(node.args[1]))

    def _outer(self, node: GraphNode) -> Node:
        return ("outer", self(node.args[0]), self(node.args[1]))

    def _transpose(self, node: GraphNode) -> Node:
        axes = node.get("axes")
        if len(axes) > 1 and axes == (*range(len(axes) - 2), len(axes) - 1, len(axes) - 2):
            return transposed(self(node.args[0]))
        return self._operation(node)

    def _sum(self, node: GraphNode) -> Node:
        axis = node.get("axis")
        if node.get("keepdims") and len(axis) == 1:
            return (node.op, self(node.args[0]), axis[0])
        return self._operation(node)

    _mean = _sum

    def _getitem(self, node: GraphNode) -> Node:
        row = _row_of(node)
        if row is not None:
            return ("row", self(node.args[0]), q(row.name))
        return self._operation(node)

    def _operation(self, node: GraphNode) -> Node:
        name = self.helpers.get(node.op, node.op)
        self.functions.adopt(name)
        if len(node.args) == 1 and name in self.functions.names:
            value = self.functions.value(name, node.args[0].value)
            if value.shape == node.shape and np.allclose(value, node.value, rtol=1e-12, atol=1e-14):
                return ("fn", name, self(node.args[0]))
        parameters = {key: self._parameter(key, value) for key, value in node.params}
        return call(node.op, *map(self, node.args), **parameters)

    # Parameters

    def _parameter(self, name: str, value: Any) -> Any:
        if name == "shape":
            return self._shape(value)
        return tuple(self._entry(entry) for entry in value) if name == "index" else value

    def _shape(self, shape: tuple[int, ...]) -> tuple[int | str, ...]:
        return tuple(self._length(length) for length in shape)

    def _length(self, length: int) -> int | str:
        return self.sizes.get(length, length) if length > 1 else length

    def _entry(self, entry: Any) -> Any:
        if isinstance(entry, Slice):
            start, stop = self._position(entry.start), self._position(entry.stop)
            return Slice(start, stop, entry.step)  # type: ignore[arg-type]
        return self._position(entry) if isinstance(entry, int) else entry

    def _position(self, value: int | None) -> int | str | None:
        if value is None:
            return None
        return value if self.exact_places or value < SMALL else self.sizes.get(value) or self._multiple_of_size(value)

    def _multiple_of_size(self, value: int) -> int | str:
        """2 H as H+H, where several arrays of one size are side by side."""
        for size in sorted(self.sizes, reverse=True):
            if size >= SMALL and value % size == 0 and value // size <= MOST_SIDE_BY_SIDE:
                return "+".join([self.sizes[size]] * (value // size))
        return value


def _row_of(node: GraphNode) -> GraphNode | None:
    """The index in `L[[x], :]`, where x is a whole number."""
    index = node.get("index")
    slots = [entry for entry in index if isinstance(entry, Slot)]
    others = [entry for entry in index if not isinstance(entry, Slot)]
    if len(node.args[0].shape) != 2 or len(slots) != 1 or len(node.shape) != 2 or node.shape[0] != 1:
        return None
    if any(entry is not Ellipsis and entry != Slice(None, None, None) for entry in others):
        return None
    rows = node.args[1]
    while rows.op in ("reshape", "concatenate", "broadcast_to") and len(rows.args) == 1:
        rows = rows.args[0]
    first = not index or index[0] is Ellipsis or isinstance(index[0], Slot)
    return rows if first and rows.op == "leaf" and not rows.shape else None
