"""An array filled by loops, entry by entry: its gradients by the same loops, for any sizes.

    out[i, j] = part(i, j)    for all i, j          such as a convolution

A few parts are differentiated.  Where their formulas differ in nothing but numbers that grow with i or j, they are the body
of the loops.  Like every loop, it is run at every point, and dropped if it does not give the gradient there.
"""

from collections.abc import Callable, Collection, Sequence
from fractions import Fraction
from itertools import product

import numpy as np

from grader.derivation.chain import Forward, parts_of
from grader.derivation.derivation import Derivation
from grader.derivation.graph.nodes import Node
from grader.derivation.rules.backward import gradients
from grader.derivation.simplify.algebra import as_product, times
from grader.derivation.simplify.simplify import Simplifier
from grader.derivation.writing.code import CodePrinter
from grader.derivation.writing.printing import ATOM, Text

COUNTERS = "ijklmn"
Position = tuple[int, ...]


class CountingPrinter(CodePrinter):
    """Code in which every number of an index has a mark, and is remembered."""

    def __init__(self, like: CodePrinter) -> None:
        super().__init__(like.sizes, like.constants, like.helpers)
        self.numbers: list[int] = []

    def _entry(self, entry: object, arrays: tuple[Node, ...]) -> str:
        start, stop = getattr(entry, "start", None), getattr(entry, "stop", None)
        if isinstance(entry, int):
            return self._mark(entry)
        if start is None and stop is None:
            return super()._entry(entry, arrays)
        return ":".join("" if part is None else self._mark(part) for part in (start, stop))

    def _mark(self, number: int) -> str:
        self.numbers.append(number)
        return f"⟨{len(self.numbers) - 1}⟩"

    def _gradient(self, node: Node) -> Text:
        return "upstream[⟨⟩]", ATOM


def filled_loop(derivation: Derivation, of: str, upstream: Callable[[str], str], printer: CodePrinter) -> list[str]:
    """The statements of the gradient by a quantity that only an array filled by loops uses; none where there is none."""
    forward = derivation.as_written
    uses = [function for function in forward.order if of in forward.parameters[function]]
    parts = _parts(forward, uses[0]) if len(uses) == 1 else {}
    if not parts or not upstream(uses[0]):
        return []
    counters = COUNTERS[: len(next(iter(parts)))]
    body = _common(parts, forward.leaves[of], counters, printer)
    if not body:
        return []
    result = printer(forward.leaves[uses[0]])
    loops = [f"for {name} in range({result}.shape[{axis}]):" for axis, name in enumerate(counters)]
    return [
        f"total, upstream = np.zeros(s.{of}.shape), {upstream(uses[0])}",
        *(f"{'    ' * depth}{loop}" for depth, loop in enumerate(loops)),
        f"{'    ' * len(loops)}{body.replace('⟨⟩', ', '.join(counters))}",
        "return total",
    ]


def _parts(forward: Forward, function: str) -> dict[Position, Node]:
    """The value of each entry that loops have filled, if they have filled all, and none from another."""
    whole = forward.leaves[function]
    found = {place.get("index"): part for part, place in parts_of(forward.roots[function], whole)}
    if not found or not all(isinstance(entry, int) for index in found for entry in index):
        return {}
    lengths = whole.shape[: len(next(iter(found)))]
    complete = set(found) == set(product(*map(range, lengths)))
    entries = set(found.values())
    alone = not any(node in entries and node is not part for part in entries for node in part.walk())
    return found if complete and alone else {}


def _common(parts: dict[Position, Node], leaf: Node, counters: str, printer: CodePrinter) -> str:
    """The statement that all parts have in common, its numbers in terms of the counters."""
    chosen = corners(parts)
    texts, numbers = set(), []
    for position in chosen:
        writer = CountingPrinter(printer)
        texts.add(_statement(parts[position], leaf, writer))
        numbers.append(writer.numbers)
    if len(texts) != 1 or "" in texts:
        return ""
    text = texts.pop()
    for place, values in enumerate(zip(*numbers, strict=True)):
        fitted = _fitted(chosen, values, counters, leaf, printer)
        if not fitted:
            return ""
        text = text.replace(f"⟨{place}⟩", fitted)
    return text


def corners(parts: Collection[Position]) -> list[Position]:
    """Positions that tell the counters apart: the first, the last, and one step along each axis from the first."""
    first, last = min(parts), max(parts)
    steps = [tuple(int(k == axis) + first[k] for k in range(len(first))) for axis in range(len(first))]
    return [position for position in dict.fromkeys([first, *steps, last]) if position in parts]


def _fitted(positions: list[Position], values: tuple[int, ...], counters: str, leaf: Node, printer: CodePrinter) -> str:
    """A number as it depends on the position: 2, i, j + 1, 2 * i + K."""
    found = slopes(positions, values)
    if found is None:
        return ""
    terms = [name if slope == 1 else f"{slope} * {name}" for slope, name in zip(found, counters) if slope]
    if found[-1] or not terms:
        terms.append(printer(leaf.graph.size(found[-1])) if terms and found[-1] > 1 else str(found[-1]))
    return " + ".join(terms)


def slopes(positions: Sequence[Position], values: Sequence[int]) -> list[int] | None:
    """How numbers grow with each part of the position, and last what they are at the origin; None if they are not linear."""
    matrix = np.array([[*position, 1] for position in positions], dtype=float)
    solution, *_ = np.linalg.lstsq(matrix, np.array(values, dtype=float), rcond=None)
    found = [round(float(x)) for x in solution]
    return found if np.array_equal(matrix @ found, values) else None


def _statement(part: Node, leaf: Node, writer: CountingPrinter) -> str:
    """`total[...] += ...` for one part."""
    upstream = part.graph.gradient(f"upstream {part.index}", np.ones(part.shape), "", 0)
    found = gradients(part, upstream, [leaf])
    if leaf not in found:
        return ""
    formula = Simplifier(part.graph)(found[leaf])
    coefficient, factors = as_product(formula)
    placed = next((factor for factor in factors if factor.op == "scatter"), None)
    if placed is None:
        return f"total += {writer(formula)}"
    others = [(factor, e) for factor, e in factors.items() if factor is not placed]
    if any(factor.shape for factor, _ in others) or factors[placed] != 1:
        return ""
    scale = part.graph.constant(float(coefficient))
    value = times(part.graph, [(scale, Fraction(1)), *others, (placed.args[0], Fraction(1))], placed.args[0].shape)
    place = writer.index(placed.get("index"), placed.args[1:])
    return "" if len(placed.args) > 1 else f"total[{place}] += {writer(value)}"
