"""What the lines of a derivation have in common: the model at one point, its gradients, and names for what lies between."""

from dataclasses import dataclass
from typing import Any

from grader.derivation.chain import Forward, local_gradients, run
from grader.derivation.derivation import Derivation
from grader.derivation.graph.nodes import Node
from grader.derivation.index_notation.expressions import own_letter
from grader.derivation.simplify.reuse import reuse
from grader.derivation.simplify.simplify import Simplifier
from grader.derivation.writing.printing import Printer
from grader.derivation.writing.style import assigned

LONGEST = 300  # characters of a formula in a line
MOST_LINES = 12
SPARE = "a c u v w q r".split()  # names of what lies between two quantities


@dataclass(frozen=True)
class Line:
    """A line of a derivation: what it is, and its text."""

    kind: str  # heading, forward, local, chain, entry, matrix, shapes, why
    text: str


class Context:
    """A model at one point, ready to explain its gradients."""

    def __init__(self, derivation: Derivation, number: int = 0) -> None:
        self.derivation = derivation
        self.loss = derivation.differentiated
        self.forward: Forward = run(derivation.model, derivation.points[number], derivation.loss)
        self.graph = self.forward.graph
        self.local = local_gradients(self.forward, derivation.wanted, derivation.sign)
        self.gradients = reuse(self.graph, self.local)
        self.by_quantity = {each.of: each for each in self.gradients.values()}
        self.simplify = Simplifier(self.graph, self.forward.names())
        self.printer = self.new_printer()
        self.places: dict[str, Any] = {
            name: leaf.value for name, leaf in self.forward.leaves.items() if leaf.value.dtype.kind in "iu"
        }
        self.names: dict[Node, Node] = {}  # of what lies between quantities
        model, dimensions = derivation.model, self.graph.dimensions
        self.taken = {*self.forward.leaves, *model.functions, *model.constants, *dimensions}  # no letters of indices
        spare = [name for name in SPARE if name not in self.taken and name not in map(own_letter, dimensions)]
        self.taken |= {*spare}
        self._spare = iter(spare + [f"a{k}" for k in range(1, 100) if f"a{k}" not in self.taken])

    def assigned(self, name: str, formula: Node) -> str:
        """`name = formula`, and before it the statements that it needs, one a line."""
        text = assigned(name, self.new_printer().lines(formula))
        too_long = max(map(len, text.splitlines())) > LONGEST or text.count("\n") > MOST_LINES
        return f"{name} = ... ({formula.tree_size()} operations, written out)" if too_long else text

    def new_printer(self) -> Printer:
        return Printer(self.derivation.helpers)

    def spare_name(self) -> str:
        return next(self._spare)

    def name_of(self, quantity: str) -> str:
        known = self.by_quantity.get(quantity)
        return known.name if known else f"d{self.derivation.loss}_d{quantity}"
