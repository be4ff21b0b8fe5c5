"""A loop over time as a loop: the backward pass of a recurrence, for any number of steps.

    h[t] = step(h[t - 1], parameters)    for t = 0, 1, ...          the rows of one result of the model

Written out, its gradients hold for one number of steps.  Here one step is differentiated, with the gradient `dh` by its
state as a leaf.  Where the formulas of two steps agree up to t, they are the body of a loop that goes back in time.
The loop is run at every point, and dropped if it does not give the gradient there.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
from msgspec import Struct

from grader.derivation.chain import Forward, parts_of
from grader.derivation.derivation import Derivation
from grader.derivation.graph.indexing import Slice
from grader.derivation.graph.nodes import Node
from grader.derivation.rules.backward import gradients
from grader.derivation.simplify.simplify import Simplifier
from grader.derivation.writing.code import CodePrinter
from grader.derivation.writing.printing import ATOM, Printer, Text


class StepText(Printer):
    """Formulas of step t: an index that counts steps is written with t."""

    step = 0

    def _entry(self, entry: object, arrays: tuple[Node, ...]) -> str:
        if isinstance(entry, Slice) and entry.step is None:
            return ":".join("" if part is None else self._count(part) for part in (entry.start, entry.stop))
        return self._count(entry) if isinstance(entry, int) else super()._entry(entry, arrays)

    def _count(self, number: int) -> str:
        away = number - self.step
        return str(number) if abs(away) > 1 else ("t - 1", "t", "t + 1")[away + 1]

    def _leaf(self, node: Node) -> Text:
        return ("before", ATOM) if node.name.startswith("before ") else super()._leaf(node)


class StepPrinter(StepText, CodePrinter):
    """Code for step t."""

    def __init__(self, like: CodePrinter, step: int) -> None:
        CodePrinter.__init__(self, like.sizes, like.constants, like.helpers)
        self.step = step

    def _gradient(self, node: Node) -> Text:
        return "dh", ATOM


class Recurrence(Struct):
    """A result of the model whose rows are states, each computed from the one before it."""

    whole: Node
    states: list[tuple[Node, Node]]  # each state, and its place in the result

    def state(self, step: int) -> tuple[Node, Node | None]:
        """A state as a function of the one before it, and that one as a leaf; the first has none before it."""
        node = self.states[step][0]
        if step == 0:
            return node, None
        before = self.states[step - 1][0]
        leaf = node.graph.leaf(f"before {step}", before.value)
        return _replaced(node, {before: leaf}), leaf

    def start(self) -> Node | None:
        """The quantity that the first step has in place of a state before it."""
        later, first = (_quantities(self.state(step)[0]) for step in (1, 0))
        only = [leaf for leaf in first if leaf not in later]
        return only[0] if len(only) == 1 else None

    def step(self, number: int, by: Node | None, printer: CodePrinter) -> str:
        """The code of a step's contribution to the gradient by a quantity, or by the state before it: `total += ...`."""
        state, before = self.state(number)
        wanted = by or before or self.start()
        assert wanted is not None
        found = gradients(state, state.graph.gradient(f"dh {number}", np.ones(state.shape), "", 0), [wanted])
        if wanted not in found:
            return ""
        formula = Simplifier(state.graph, {state: self.states[number][1]})(found[wanted])
        writer = StepPrinter(printer, number)
        if by is None:
            return f"dh = {writer(formula)}"
        if formula.op == "scatter":
            return f"total[{writer.index(formula.get('index'), formula.args[1:])}] += {writer(formula.args[0])}"
        return f"total += {writer(formula)}"


def _quantities(node: Node) -> list[Node]:
    return [each for each in node.walk() if each.op == "leaf" and not each.name.startswith("before ")]


def _replaced(root: Node, names: dict[Node, Node]) -> Node:
    """The same expression with some of its nodes exchanged."""
    made = dict(names)
    for node in root.walk():
        if node not in made:
            args = [made[arg] for arg in node.args]
            made[node] = node.graph.node(node.op, *args, origin=node.origin, **dict(node.params)) if args else node
    return made[root]


def recurrence(forward: Forward, function: str) -> Recurrence | None:
    """The recurrence that a function of the model is, if it is one of at least three steps."""
    whole = forward.leaves[function]
    states = sorted(parts_of(forward.roots[function], whole), key=lambda pair: _begin(pair[1]))
    chained = all(before in after.walk() for (before, _), (after, _) in pairwise(states))
    return Recurrence(whole, states) if len(states) >= 3 and chained else None


def _begin(place: Node) -> int:
    first = place.get("index")[0]
    return int(first.start or 0) if isinstance(first, Slice) else first if isinstance(first, int) else 0


def backward_loop(derivation: Derivation, of: str, upstream: Callable[[str], str], printer: CodePrinter) -> list[str]:
    """The statements of the gradient by a quantity that only a recurrence uses; none where there is no such loop.

    `upstream` gives the code of the gradient by a result of the model.
    """
    forward = derivation.for_loops
    uses = [function for function in forward.order if of in forward.parameters[function]]
    found = recurrence(forward, uses[0]) if len(uses) == 1 else None
    start = found.start() if found else None
    if found is None or start is None or not upstream(uses[0]):
        return []
    last = len(found.states) - 1
    place = _agreed(StepPrinter(printer, k)(found.states[k][1]) for k in (last, last - 1))
    earlier = _agreed(StepPrinter(printer, k)(found.states[k - 1][1]) for k in (last, last - 1))
    back = _agreed(found.step(k, None, printer) for k in (last, last - 1))
    whole = printer(found.whole)
    body = "" if of == start.name else _agreed(found.step(k, forward.leaves[of], printer) for k in (last, last - 1))
    if not (place and earlier and back) or (of != start.name and not body):
        return []
    first_row = StepPrinter(printer, -9)(found.states[0][1])
    return [
        *([f"total = np.zeros(s.{of}.shape)"] if body else []),
        f"upstream, dh = {upstream(uses[0])}, np.zeros({first_row}.shape)",
        f"for t in reversed(range(len({whole}))):",
        *([f"    before = {earlier} if t else s.{start.name}"] if "before" in body + back else []),
        f"    dh = dh + upstream{place.removeprefix(whole)}",
        *([f"    {body}"] if body else []),
        f"    {back}",
        f"return {'total' if body else 'dh'}",
    ]


def _agreed(texts: Iterable[str]) -> str:
    """The text that all steps have in common, or none."""
    different = set(texts)
    return different.pop() if len(different) == 1 else ""


def holds(derivation: Derivation, name: str, code: str) -> bool:
    """Whether a function's code gives the gradient at every point, the other gradients given."""
    for plain, gradients_there in zip(derivation.plain, derivation.at_points, strict=True):
        others = {other: (lambda s, value=each.value: value) for other, each in gradients_there.items()}
        model = {**derivation.model.functions, **derivation.model.constants}
        namespace: dict[str, Any] = {**model, **others, "np": np}
        try:
            exec(code, namespace)  # noqa: S102, this engine's own code
            value = namespace[name](SimpleNamespace(**plain.values))
        except (ValueError, IndexError, TypeError, NameError, AttributeError):
            return False
        if not np.allclose(value, gradients_there[name].value, rtol=1e-9, atol=1e-12):
            return False
    return True
