"""One step of a loop over time in index notation: what it adds to a gradient, and what it passes back to the step before."""

from collections.abc import Iterable
from copy import copy

import numpy as np

from grader.derivation.graph.naming import author_name
from grader.derivation.graph.nodes import Node
from grader.derivation.index_notation.context import Context, Line
from grader.derivation.index_notation.expressions import Namer
from grader.derivation.index_notation.paths import Path
from grader.derivation.index_notation.transposes import why
from grader.derivation.rules.backward import gradients
from grader.derivation.simplify.reuse import Gradient, Reuser
from grader.derivation.simplify.simplify import Simplifier
from grader.derivation.writing.loops import Recurrence, StepText, recurrence
from grader.derivation.writing.printing import Printer


class StepContext(Context):
    """A context in which indices that count steps are written with t."""

    def __init__(self, context: Context, step: int, state: Node, result: Gradient) -> None:
        self.__dict__.update(copy(context.__dict__))
        self.step = step
        self.local, self.names = [], {}
        self.by_quantity = {**context.by_quantity, result.of: result}
        self.simplify = Simplifier(context.graph, {state: result.quantity})
        self.printer = self.new_printer()
        self.places = {**context.places, "t": step}

    def namer(self, letters: Iterable[str] = ()) -> Namer:
        return Namer({*self.taken, *letters, "t"}, self.counted)

    def counted(self, number: int) -> str:
        """A number that is an index: that of the step is t."""
        return {-1: "t - 1", 0: "t", 1: "t + 1"}.get(number - self.step, str(number))

    def assigned(self, name: str, formula: Node) -> str:
        """What a step adds to a row of a gradient, without the zeros around it."""
        if formula.op == "scatter" and len(formula.args) == 1:
            place = self.new_printer().index(formula.get("index"), ())
            return super().assigned(f"{name}[{place}]", formula.args[0])
        return super().assigned(name, formula)

    def new_printer(self) -> Printer:
        printer = StepText(self.derivation.helpers)
        printer.step = self.step
        return printer


class StepPath(Path):
    """From the state that a step computes down to a quantity that it uses."""

    def __init__(self, context: StepContext, gradient: Gradient, state: Node, result: Gradient) -> None:
        self.part, self.context, self.gradient, self.function = True, context, gradient, result.of
        self.graph, self.root, self.leaf = context.graph, state, gradient.quantity
        self.seed = context.graph.gradient(result.name, result.value, result.of, result.quantity.index)
        self.adjoints = gradients(state, self.seed, [self.leaf])
        self.reuser, self.names = Reuser(self.graph, []), context.names
        self.names[state] = result.quantity

    def label(self, node: Node) -> str:
        return "dbefore" if node.name.startswith("before ") else super().label(node)


def step_lines(context: Context, gradient: Gradient) -> list[Line]:
    """The lines for a quantity that only a loop over time uses; none where there is no such loop."""
    uses = [function for function in context.forward.order if gradient.of in context.forward.parameters[function]]
    found = recurrence(context.forward, uses[0]) if len(uses) == 1 else None
    start = found.start() if found else None
    if found is None or start is None:
        return []
    step = len(found.states) - 1
    state, before = found.state(step)
    result = _result(context, found, step)
    inner = StepContext(context, step, state, result)
    upstream = context.name_of(uses[0])
    place, earlier = (inner.printer(found.states[k][1]) for k in (step, step - 1))
    upstream_place = place.replace(uses[0], upstream, 1)
    words = (
        f"{uses[0]} is computed by a loop. Step t computes {result.of}, which is {place}, from before,\n"
        f"which is {earlier}, or {start.name} in the first step. {result.name} is the gradient with respect to {result.of}:\n"
        f"{upstream_place}, and what step t + 1 passes back."
    )
    known = uses[0] in context.by_quantity
    lines = [*(() if known else Path(context, gradient, uses[0]).above()), Line("heading", words)]
    formulas = []
    back = StepPath(inner, Gradient("", before or start, state), state, result)
    if gradient.quantity is not start:
        way = StepPath(inner, gradient, state, result)
        lines += way.lines()
        formulas.append(way.adjoint(way.leaf))
    else:
        lines += [line for line in back.lines() if line.kind != "shapes" and not line.text.startswith("dbefore")]
    formulas.append(back.adjoint(back.leaf))
    name = context.name_of(gradient.of)
    first = gradient.quantity is start
    last = f"What the first step passes back is {name}." if first else f"The parts of all steps add up to {name}."
    return [
        *lines,
        Line("heading", "Step t passes back to step t - 1:"),
        inner.matrix("dbefore", formulas[-1]),
        Line("heading", last),
        *dict.fromkeys(Line("why", sentence) for formula in formulas for sentence in why(formula, inner.printer)),
    ]


def _result(context: Context, found: Recurrence, step: int) -> Gradient:
    """The state of a step and its gradient, by the name that the author gave the state."""
    state = found.states[step][0]
    name = author_name(state, context.forward.lines, context.forward.helpers)
    name = name if name and name not in context.forward.leaves else "state"
    leaf = context.graph.leaf(name, state.value)
    numbers = np.sin(np.arange(1.0, 1 + state.value.size)).reshape(state.shape)  # any gradient does, to check the lines
    return Gradient(f"d{name}", leaf, context.graph.leaf(f"d{name}", numbers))
