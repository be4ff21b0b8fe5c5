"""Sums that a loop of the model has written out, as sums over steps again: one term for all steps, at any size.

    w[:, :, 0].T @ g placed at [:, 0:5] + w[:, :, 1].T @ g placed at [:, 1:6] + ...     is a series
    dh_t = upstream_t + (dh_t+1 ⊙ slope) @ H.T                                           is a scan, back in time

Terms are one term if they differ only in whole numbers that go up or down with the step.  The caller compares values.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np

from grader.derivation.chain import Forward
from grader.derivation.graph.indexing import Slice
from grader.derivation.graph.nodes import Node as GraphNode
from grader.derivation.rules.backward import gradients
from grader.derivation.simplify.simplify import Simplifier
from grader.derivation.writing.loops import Recurrence
from grader.derivation.writing.style import with_factors_inside
from grader.diagnosis.formulas.conversion import Converter
from grader.diagnosis.formulas.formula_nodes import (
    CARRY,
    OUTER,
    STATE,
    STEP,
    Node,
    add,
    call,
    encoded,
    inside,
    leaves,
    mul,
    neg,
    parameters_of,
    replaced,
    transposed,
)

FEWEST = 3  # terms that make a series


class SeriesConverter(Converter):
    """Writes sums of three and more terms of one kind as series."""

    exact_places = True

    def _plus(self, node: GraphNode, sign: int = 1) -> Node:
        coefficients = {c * sign for c in node.get("coefficients")}
        count = len(node.args)
        if (count >= FEWEST or count in self.sizes) and coefficients in ({1}, {-1}):
            terms = sorted((self(with_factors_inside(arg)) for arg in node.args), key=_numbers)
            series = self._series(terms) or self._grid(terms)
            if series is not None:
                return series if coefficients == {1} else neg(series)
        return super()._plus(node, sign)

    def _series(self, terms: Sequence[Node]) -> Node | None:
        around = any(part[0] == "series" for term in terms for part in inside(term))
        term = unified(terms, self.sizes, sign=OUTER if around else STEP)
        return None if term is None else ("series", str(self._length(len(terms))), "", term)

    def _grid(self, terms: Sequence[Node]) -> Node | None:
        """Two loops, one in the other."""
        for count in (count for count in range(2, len(terms) // 2 + 1) if len(terms) % count == 0):
            rows = [self._series(terms[start : start + count]) for start in range(0, len(terms), count)]
            known = [row for row in rows if row is not None]
            found = self._series(known) if len(known) == len(rows) else None
            if found is not None:
                return found
        return None


def _numbers(node: Node) -> list[int]:
    """All whole numbers in the parameters of a formula."""
    found: list[int] = []

    def collect(value: Any) -> None:
        if isinstance(value, tuple):
            for each in value:
                collect(each)
        elif isinstance(value, Slice):
            collect((value.start, value.stop))
        elif isinstance(value, int):
            found.append(value)

    for part in inside(node):
        if part[0] == "np":
            collect(tuple(parameters_of(part[2]).values()))
    return found


def unified(nodes: Sequence[Node], sizes: Mapping[int, str], first: int = 0, sign: str = STEP) -> Node | None:
    """The formula that all of `nodes` are, step by step from `first` on; None where they differ in more than indices."""
    if any(len(node) != len(nodes[0]) for node in nodes):
        return None
    parts: list[Any] = []
    for position, column in enumerate(zip(*nodes, strict=True)):
        if all(isinstance(part, tuple) for part in column):
            parts.append(unified(column, sizes, first, sign))
        elif nodes[0][0] == "np" and position == 2:
            parts.append(_unified_parameters(column, sizes, first, sign))
        else:
            parts.append(column[0] if all(part == column[0] for part in column) else None)
        if parts[-1] is None:
            return None
    return tuple(parts)


def _unified_parameters(texts: Sequence[str], sizes: Mapping[int, str], first: int, sign: str) -> str | None:
    rows = [parameters_of(text) for text in texts]
    if any(row.keys() != rows[0].keys() for row in rows):
        return None
    try:
        return encoded({key: _unified_value([row[key] for row in rows], sizes, first, sign) for key in rows[0]})
    except ValueError:
        return None


def _unified_value(values: Sequence[Any], sizes: Mapping[int, str], first: int, sign: str) -> Any:
    """The one value, or an expression of the step."""
    if all(isinstance(value, Slice) for value in values):
        ends = [
            _unified_value([getattr(value, name) for value in values], sizes, first, sign)
            for name in ("start", "stop", "step")
        ]
        return Slice(*ends)
    if all(isinstance(value, tuple) and len(value) == len(values[0]) for value in values):
        return tuple(_unified_value(column, sizes, first, sign) for column in zip(*values, strict=True))
    if all(value == values[0] for value in values):
        return sizes.get(values[0], values[0]) if isinstance(values[0], int) and values[0] > 2 else values[0]
    lengths = {name: size for size, name in sizes.items()}  # an inner loop may have taken a place for a size
    values = [lengths.get(value, value) if isinstance(value, str) else value for value in values]
    if all(isinstance(value, int) for value in values):
        differences = set(np.diff(values).tolist())
        if differences == {1}:
            return _moved(values[0] - first, sizes, sign)
        if differences == {-1}:
            start = values[0] + first
            return f"{sizes.get(start + 1, start + 1)}-1-{sign}"
    raise ValueError("no expression of the step")


def _moved(away: int, sizes: Mapping[int, str], sign: str) -> str:
    if away in sizes and away > 1:
        return f"{sign}+{sizes[away]}"
    return sign if not away else f"{sign}{away:+d}"


class Scan:
    """The gradients by what a recurrence of the model is computed from."""

    def __init__(
        self, forward: Forward, found: Recurrence, start: GraphNode, converter: Converter, upstream: GraphNode
    ) -> None:
        self.forward, self.found, self.start, self.converter = forward, found, start, converter
        self.upstream = converter(upstream)

    def formula(self, of: str) -> Node | None:
        """The gradient by a quantity that only this recurrence uses."""
        steps = range(1, len(self.found.states))
        sizes = self.converter.sizes
        handed = unified([add(self._row(self.upstream, k), CARRY) for k in steps], sizes, 1)
        back = self._unified([self._step(k, None) for k in steps])
        if handed is None or back is None:
            return None
        term = None
        if of != self.start.name:
            term = self._unified([self._step(k, self.forward.leaves[of]) for k in steps])
            if term is None:
                return None
        shared = _shared(back, term)
        state = replaced(shared, STATE, handed)
        parts = [part if part is None else replaced(part, shared, STATE) for part in (back, term)]
        count = str(sizes.get(len(self.found.states), len(self.found.states)))
        return ("scan", count, "", state, *(part for part in parts if part is not None))

    def _row(self, whole: Node, k: int) -> Node:
        return call("getitem", whole, index=self.found.states[k][1].get("index"))

    def _step(self, k: int, by: GraphNode | None) -> Node | None:
        state, before = self.found.state(k)
        wanted = by or before
        assert before is not None
        assert wanted is not None
        leaf = state.graph.gradient(f"dh {k}", np.ones(state.shape), "", 0)
        found = gradients(state, leaf, [wanted])
        if wanted not in found:
            return None
        formula = Simplifier(state.graph, {state: self.found.states[k][1]})(found[wanted])
        earlier = self.converter(self.found.states[k - 1][1])
        known = {leaf: STATE, before: ("before", earlier, self.converter(self.start))}
        return self.converter.again(known)(formula)

    def _unified(self, nodes: Sequence[Node | None]) -> Node | None:
        known = [node for node in nodes if node is not None]
        return unified(known, self.converter.sizes, 1) if len(known) == len(nodes) else None


def _shared(back: Node, term: Node | None) -> Node:
    """The largest part of both that holds all that they have of the step's gradient: what a person calculates once."""
    parts = sorted(
        (part for part in set(inside(back)) if STATE in inside(part)), key=lambda part: -len(list(inside(part)))
    )
    for part in parts:
        others = [each for each in (back, term) if each is not None]
        if part != back and not any(STATE in inside(replaced(each, part, CARRY)) for each in others):
            return part
    return STATE


_MOST_FACTORS = 3  # of a loop that may be a sum of products


def closed_forms(tree: Node, shapes: Mapping[Node, tuple[str | int, ...]]) -> Iterator[Node]:
    """What a formula with loops may be without them, a sum over axes or a matrix product: which then go wrong as such.

    Args:
        shapes: of the quantities and gradients.
    """
    factors = list(dict.fromkeys(leaf for leaf in leaves(tree) if leaf[0] in ("q", "g")))
    loops = any(part[0] == "series" for part in inside(tree))
    if not loops or not 0 < len(factors) <= _MOST_FACTORS or not all(factor in shapes for factor in factors):
        return
    ndim = len(shapes[factors[0]])
    if all(shapes[factor] == shapes[factors[0]] for factor in factors):
        terms = factors[0] if len(factors) == 1 else mul(*factors)
        for count in range(1, ndim + 1):
            for axes in combinations(range(ndim), count):
                yield call("sum", terms, axis=axes, keepdims=False)
                yield ("sum", terms, axes[0]) if count == 1 else call("sum", terms, axis=axes, keepdims=True)
    if len(factors) == 2 and all(len(shapes[factor]) == 2 for factor in factors):
        ways = [(factor, transposed(factor)) for factor in factors]
        for first, second in (ways, ways[::-1]):
            yield from (("mm", left, right) for left, right in product(first, second))
