"""Formulas as text: as numpy in the assignment's style (`s.x.T @ dE_dp(s)`), and in the shorter style of a docstring.

What one expression cannot say (rows added up at an index) is written as statements before it.
"""

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from grader.derivation.graph.indexing import Index, Slice, Slot
from grader.derivation.graph.naming import named, repeated
from grader.derivation.graph.nodes import Node
from grader.derivation.simplify.algebra import Number, bare
from grader.derivation.writing.padding import seen_in_padding
from grader.derivation.writing.rolled import rolled
from grader.derivation.writing.style import (
    constant_text,
    first_place,
    in_order,
    is_truth,
    leaves_in,
    number_text,
    place,
    powers_of,
    split_number,
    to_flip,
    with_factors_inside,
    with_means,
)

SUM, PRODUCT, POWER, ATOM = range(4)
Text = tuple[str, int]  # a formula, and how tightly it holds together

_OPERATORS = dict(zip("greater greater_equal less less_equal equal not_equal".split(), "> >= < <= == !=".split()))


class Printer:
    """Formulas with bare names: `h^T` as `h.T`, a gradient as its name."""

    symbol: Callable[[str], str] = str  # how the name of a repeated part is set

    def __init__(self, helpers: dict[str, str] | None = None) -> None:
        self.helpers = helpers or {}  # what the model calls its sigmoid
        self.statements: list[str] = []
        self.names: dict[Node, str] = {}  # of repeated parts, each a statement of its own
        self._texts: dict[Node, Text] = {}

    def __call__(self, node: Node) -> str:
        return self.text(node)[0]

    def lines(self, formula: Node) -> list[str]:
        """A formula as statements, and last the expression; what a long one repeats has a name."""
        names = named(repeated(formula), formula.graph.hints, [node.name for node in formula.walk() if node.name])
        self.names = {node: self.symbol(name) for node, name in names.items()}
        result = self(formula)  # adds to the statements
        return [*rolled(self.statements, lambda number: self(formula.graph.size(number))), result]

    def _new_array(self, shape: str) -> str:
        name = f"g{sum(line.endswith(')') and ' = np.zeros(' in line for line in self.statements) + 1}"
        self.statements.append(f"{name} = np.zeros(({shape}))")
        return name

    def inside(self, node: Node, tightness: int) -> str:
        text, own = self.text(node)
        return text if own >= tightness else f"({text})"

    def text(self, node: Node) -> Text:
        if node not in self._texts:
            self._texts[node] = self._text(node)
            if node in self.names:
                self.statements.append(f"{self.names[node]} = {self._texts[node][0]}")
                self._texts[node] = self.names[node], ATOM
        return self._texts[node]

    def _text(self, node: Node) -> Text:
        method: Callable[[Node], Text] | None = getattr(self, f"_{node.op}", None)
        if method:
            return method(node)
        if node.op in _OPERATORS:
            left, right = (self.inside(arg, SUM) for arg in node.args)
            return f"{left} {_OPERATORS[node.op]} {right}", SUM - 1
        return self._function(node)

    # Leaves

    def _leaf(self, node: Node) -> Text:
        return node.name, ATOM

    _gradient = _size = _leaf

    def _constant(self, node: Node) -> Text:
        if node.value.size > 1 and node.value.dtype.kind == "f" and np.ptp(node.value) == 0:
            filled = node.graph.node("broadcast_to", node.graph.constant(float(node.value.flat[0])), shape=node.shape)
            return self._broadcast_to(filled)
        text = constant_text(node, self)
        return text, SUM if text.startswith("-") else ATOM

    # Arithmetic

    def _plus(self, node: Node, sign: int = 1) -> Text:
        terms = [(sign * c, term) for c, term in zip(node.get("coefficients"), node.args, strict=True)]
        falling = any(c < 0 for c, _ in terms)
        terms = self._placed_together(terms)
        terms.sort(key=lambda pair: (pair[0] < 0, place(pair[1], falling), leaves_in(pair[1])))
        text = ""
        for coefficient, term in terms:
            size = self._scaled(coefficient if coefficient >= 0 else -coefficient, term)
            size = f"1.0 * {size}" if is_truth(term) and term not in self.names and abs(coefficient) == 1 else size
            text += (f" - {size}" if text else f"-{size}") if coefficient < 0 else (f" + {size}" if text else size)
        return text, SUM

    def _scaled(self, coefficient: Number, term: Node) -> str:
        if term in self.names:
            shown = self(term)
            return shown if coefficient == 1 else f"{number_text(coefficient)} * {shown}"
        if term.is_number():
            return number_text(coefficient * Fraction(term.value.item()))
        if term.op == "times":
            return self._product(coefficient * term.get("coefficient"), powers_of(term))[0]
        return self._product(coefficient, [(term, Fraction(1))])[0]

    def _times(self, node: Node) -> Text:
        return self._product(node.get("coefficient"), powers_of(node))

    def _product(self, coefficient: Number, powers: list[tuple[Node, Number]]) -> Text:
        flipped = to_flip(coefficient, powers)
        coefficient = -coefficient if flipped else coefficient
        ordered = in_order(with_means(powers))
        above = [(f, e) for f, e in ordered if e > 0]
        below = [(f, -e) for f, e in ordered if e < 0]
        over, under = split_number(coefficient if coefficient >= 0 else -coefficient)
        alone = len(above) == 1 and over == "1"
        factors = [self._raised(f, e, f is flipped, alone and e == 1) for f, e in above]
        if over != "1" or not factors:
            factors.insert(0, over)
        divisors = [*([under] if under != "1" else []), *(self._raised(f, e, f is flipped, False) for f, e in below)]
        if flipped and len(factors) == 1 and not divisors:
            return self._plus(flipped, -1)
        text = " * ".join(factors)
        if divisors:
            text += " / " + (divisors[0] if len(divisors) == 1 else f"({' * '.join(divisors)})")
        only = len(factors) == 1 and not divisors
        if coefficient < 0:
            return ("-1.0 * " if over == "1" and all(is_truth(f) for f, _ in above) else "-") + text, SUM
        return text, (self.text(above[0][0])[1] if only and above and above[0][1] == 1 and not flipped else PRODUCT)

    def _raised(self, factor: Node, exponent: Number, flip: bool, alone: bool) -> str:
        if flip:
            return f"({self._plus(factor, -1)[0]})"
        if exponent == Fraction(1, 2):
            return f"np.sqrt({self(factor)})"
        if exponent != 1:
            return f"{self.inside(factor, ATOM)}**{number_text(exponent)}"
        if factor.op == "matmul":
            return self(factor) if alone else f"({self(factor)})"
        return self.inside(factor, POWER)

    def _power(self, node: Node) -> Text:
        return f"{self.inside(node.args[0], ATOM)}**{self.inside(node.args[1], ATOM)}", POWER

    # Arrays

    def _matmul(self, node: Node) -> Text:
        left, right = node.args
        first = self(left) if left.op == "matmul" else self.inside(left, POWER)
        return f"{first} @ {self.inside(right, POWER)}", PRODUCT

    def _transpose(self, node: Node) -> Text:
        axes = node.get("axes")
        inside = self.inside(node.args[0], ATOM)
        if axes == tuple(reversed(range(len(axes)))):
            return f"{inside}.T", ATOM
        if axes == (*range(len(axes) - 2), len(axes) - 1, len(axes) - 2):
            return f"np.swapaxes({self(node.args[0])}, -1, -2)", ATOM
        return f"np.transpose({self(node.args[0])}, {axes})", ATOM

    def _reduction(self, node: Node) -> Text:
        axis, x = node.get("axis"), node.args[0]
        every = len(axis) == len(x.shape)
        options = "" if every else f", axis={axis[0] if len(axis) == 1 else axis}"
        options += ", keepdims=True" if node.get("keepdims") else ""
        return f"np.{node.op}({self(x)}{options})", ATOM

    _sum = _mean = _max = _min = _prod = _reduction

    def _unit(self, node: Node) -> Text:
        x, axis = node.args[0], node.get("axis")
        if node.op in self.helpers or axis in (None, (len(x.shape) - 1,)):
            return f"{self.helpers.get(node.op, node.op)}({self(x)})", ATOM
        return f"{node.op}({self(x)}, axis={axis[0] if len(axis) == 1 else axis})", ATOM

    _sigmoid = _softmax = _softplus = _log_softmax = _unit

    def _logsumexp(self, node: Node) -> Text:
        if node.op in self.helpers:
            return self._unit(node)
        keepdims = ", keepdims=True" if node.get("keepdims") else ""
        return f"np.log(np.sum(np.exp({self(node.args[0])}), axis={node.get('axis')}{keepdims}))", ATOM

    def _relu(self, node: Node) -> Text:
        if "relu" in self.helpers:
            return self._unit(node)
        return f"np.maximum(0, {self(node.args[0])})", ATOM

    def _broadcast_to(self, node: Node) -> Text:
        shape = f"({', '.join(self(node.graph.size(n)) for n in node.shape)}{',' if len(node.shape) == 1 else ''})"
        inside = self(node.args[0])
        if inside in ("0", "1"):
            return f"np.{'zeros' if inside == '0' else 'ones'}({shape})", ATOM
        return f"np.broadcast_to({inside}, {shape})", ATOM

    def _reshape(self, node: Node) -> Text:
        x = node.args[0]
        inside = self.inside(x, ATOM)
        if tuple(n for n in node.shape if n != 1) == x.shape:
            entries = [":" if n != 1 else "None" for n in node.shape]
            return f"{inside}[{', '.join(entries)}]", ATOM
        return f"{inside}.reshape({', '.join(self(node.graph.size(n)) for n in node.shape)})", ATOM

    def _getitem(self, node: Node) -> Text:
        return f"{self.inside(node.args[0], ATOM)}[{self.index(node.get('index'), node.args[1:])}]", ATOM

    def index(self, index: Index, arrays: tuple[Node, ...]) -> str:
        return ", ".join(self._entry(entry, arrays) for entry in index) or "()"

    def _entry(self, entry: object, arrays: tuple[Node, ...]) -> str:
        if isinstance(entry, Slice):
            text = ":".join("" if part is None else str(part) for part in (entry.start, entry.stop))
            return text if entry.step is None else f"{text}:{entry.step}"
        if isinstance(entry, Slot):
            return self(arrays[entry.number])
        return "..." if entry is Ellipsis else str(entry)

    def _concatenate(self, node: Node) -> Text:
        if all(part.op == "broadcast_to" and part.shape == (1,) for part in node.args):
            return f"[{', '.join(self(part.args[0]) for part in node.args)}]", ATOM
        return f"np.concatenate([{', '.join(map(self, node.args))}], axis={node.get('axis')})", ATOM

    def _scatter(self, node: Node) -> Text:
        """Rows added up where they came from: three statements, so that repeated rows add up."""
        value = self(bare(node.args[0]))
        rows = node.args[-1]
        if (
            value == "1"
            and rows.value.dtype.kind in "iu"
            and np.array_equal(node.value, np.eye(node.shape[-1])[rows.value])
        ):
            picked = "" if np.array_equal(node.value, np.eye(node.shape[0])) else f"[{self(rows)}]"
            return f"np.eye({self(node.graph.size(node.shape[-1]))}){picked}", ATOM
        name = self._new_array(self._lengths(node))
        self.statements.append(self._placement(name, node, "", value))
        return name, ATOM

    def _lengths(self, node: Node) -> str:
        return ", ".join(self(node.graph.size(n)) for n in node.shape) + ("," if len(node.shape) == 1 else "")

    def _placement(self, name: str, node: Node, sign: str, value: str) -> str:
        index = self.index(node.get("index"), node.args[1:])
        sliced = any(isinstance(entry, Slice) or entry is Ellipsis for entry in node.get("index"))
        place = f"np.s_[{index}]" if sliced else f"({index})" if len(node.get("index")) > 1 else index
        if any(isinstance(entry, Slot) for entry in node.get("index")):
            return f"np.{'subtract' if sign == '-' else 'add'}.at({name}, {place}, {value})"
        return f"{name}[{index}] {sign}= {value}"

    def _placed_together(self, terms: list[tuple[Number, Node]]) -> list[tuple[Number, Node]]:
        """Several placements in one array: g[0] += ..., g[1] += ..."""
        inside = [(c, with_factors_inside(term)) for c, term in terms]
        placed = [(c, term) for c, term in inside if term.op == "scatter" and abs(float(c)) == 1]
        if len(placed) < 2:
            return terms
        outside = [pair for pair in inside if pair not in placed]
        placed = sorted(seen_in_padding(placed), key=lambda pair: first_place(pair[1]))
        values = [(c, term, self(bare(term.args[0]))) for c, term in placed]
        name = self._new_array(self._lengths(placed[0][1]))
        for c, term, value in values:
            self.statements.append(self._placement(name, term, "-" if c < 0 else "+", value))
        whole = placed[0][1].graph.leaf(name, sum(float(c) * term.value for c, term in placed))
        self._texts[whole] = name, ATOM
        return [*outside, (Fraction(1), whole)]

    def _setitem(self, node: Node) -> Text:
        value, base = self(node.args[1]), self(node.args[0])
        name = f"c{len(self.statements) + 1}"
        self.statements.append(f"{name} = {base}.copy()")
        self.statements.append(f"{name}[{self.index(node.get('index'), node.args[2:])}] = {value}")
        return name, ATOM

    def _tril(self, node: Node) -> Text:
        k = f", {node.get('k')}" if node.get("k") else ""
        return f"np.{node.op}({self(node.args[0])}{k})", ATOM

    _triu = _tril

    def _einsum(self, node: Node) -> Text:
        return f"np.einsum({node.get('subscripts')!r}, {', '.join(map(self, node.args))})", ATOM

    def _function(self, node: Node) -> Text:
        options = [f"{key}={value}" for key, value in node.params if key != "keepdims" or value]
        return f"np.{node.op}({', '.join([*map(self, node.args), *options])})", ATOM
