"""Expressions as a graph: a node is an operation on other nodes, with its value at one sample point.

Equal expressions are one node: a graph keeps each combination of operation, arguments and parameters once, so that
`is` compares formulas, and a subexpression that occurs twice is stored once.  Knows no rule and no numpy protocol.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from msgspec import Struct

Array = np.ndarray[Any, Any]
Parameters = tuple[tuple[str, Any], ...]


class Unreadable(Exception):
    """A construct of the model that cannot be differentiated: which one, and where it stands."""

    def __init__(self, construct: str, file: str = "", line: int = 0) -> None:
        super().__init__(construct)
        self.construct, self.file, self.line = construct, file, line

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else ""
        return f"{place}cannot differentiate this: {self.construct}"


class Node(Struct, eq=False):
    """One operation.  A leaf has the operation "leaf" (a named quantity), "size" (a dimension) or "constant"."""

    graph: "Graph"
    index: int
    op: str
    args: tuple["Node", ...]
    params: Parameters
    value: Array
    origin: tuple[str, int] = ("", 0)  # the function of the model, and the line, that recorded it

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self.value.shape
        return shape

    @property
    def name(self) -> str:
        return str(self.get("name", ""))

    def get(self, parameter: str, default: Any = None) -> Any:
        return next((value for key, value in self.params if key == parameter), default)

    @property
    def is_discrete(self) -> bool:
        """Whether it is a quantity of independent whole numbers: of four labels, a single one may be 1."""
        return self.op == "leaf" and (self.name in self.graph.discrete or self.value.dtype.kind != "f")

    def is_number(self) -> bool:
        return self.op == "constant" and self.value.ndim == 0

    def __repr__(self) -> str:
        inside = ", ".join([*map(repr, self.args), *(f"{key}={value}" for key, value in self.params)])
        return self.name or (str(self.value) if self.is_number() else f"{self.op}({inside})")

    def walk(self) -> Iterator["Node"]:
        """This node and all that it is computed from, each once, arguments before what uses them."""
        found: dict[int, Node] = {}
        pending = [self]
        while pending:
            node = pending.pop()
            if node.index not in found:
                found[node.index] = node
                pending.extend(node.args)
        return iter([found[index] for index in sorted(found)])

    def tree_size(self) -> int:
        """How many operations and quantities the formula has when it is written out; numbers and indices are free."""
        sizes: dict[Node, int] = {}
        for node in self.walk():
            free = node.op in ("constant", "broadcast_to") or node.value.dtype.kind in "iu"
            sizes[node] = sum(sizes[arg] for arg in node.args) + (0 if free else 1)
        return sizes[self]


class Graph(Struct):
    """All nodes of one derivation at one point; `dimensions` names the sizes there, all of them different.

    `discrete` names the leaves of independent whole numbers, such as binary labels: what these add up to is accidental.
    """

    evaluate: Callable[[str, list[Array], dict[str, Any]], Any]
    dimensions: Mapping[str, int] = {}
    discrete: frozenset[str] = frozenset()
    hints: dict[Node, str] = {}  # what the author called a value, or d... its gradient
    _nodes: dict[Any, Node] = {}

    def node(self, op: str, *args: Node, origin: tuple[str, int] = ("", 0), **params: Any) -> Node:
        """The node of this operation, computed where it is new."""
        key = (op, tuple(arg.index for arg in args), tuple(sorted(params.items())))
        known = self._nodes.get(key)
        if known is None:
            with np.errstate(all="ignore"):
                value = np.asarray(self.evaluate(op, [arg.value for arg in args], params))
            known = self._add(key, op, args, key[2], value, origin)
        return known

    def leaf(self, name: str, value: Any) -> Node:
        """A quantity or an upstream gradient, known by its name."""
        key = ("leaf", name)
        known = self._nodes.get(key)
        return known or self._add(key, "leaf", (), (("name", name),), np.asarray(value), ("", 0))

    def gradient(self, name: str, value: Any, of: str, rank: int) -> Node:
        """The name of a gradient in the formulas of others; `of` is its quantity, `rank` the place of that in the model."""
        key = ("gradient", name)
        known = self._nodes.get(key)
        params = (("gradient", True), ("name", name), ("of", of), ("rank", rank))
        return known or self._add(key, "gradient", (), params, np.asarray(value), ("", 0))

    def constant(self, value: Any) -> Node:
        array = np.asarray(value)
        key = ("constant", array.dtype.kind, array.shape, array.tobytes())
        known = self._nodes.get(key)
        return known or self._add(key, "constant", (), (), array, ("", 0))

    def size(self, value: int) -> Node:
        """A size as a named number where a dimension has it, as a constant where none does."""
        name = next((name for name, size in self.dimensions.items() if size == value), None)
        if name is None or value < 2:
            return self.constant(value)
        key = ("size", name)
        known = self._nodes.get(key)
        return known or self._add(key, "size", (), (("name", name),), np.asarray(value), ("", 0))

    def nodes(self) -> list[Node]:
        """All nodes so far, in the order in which they were made."""
        return list(self._nodes.values())

    @property
    def size_so_far(self) -> int:
        return len(self._nodes)

    def letters(self, shape: tuple[int, ...]) -> tuple[str, ...]:
        """A shape with the names of its dimensions: (1, "Dh")."""
        return tuple(self.size(length).name or str(length) for length in shape)

    def _add(
        self, key: Any, op: str, args: tuple[Node, ...], params: Parameters, value: Array, origin: tuple[str, int]
    ) -> Node:
        node = Node(self, len(self._nodes), op, args, params, value, origin)
        self._nodes[key] = node
        return node
