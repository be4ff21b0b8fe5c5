"""What the lines of a derivation have in common: the model at one point, its gradients, and names for what lies between."""

from dataclasses import dataclass
from typing import Any

from grader.derivation.chain import Forward, local_gradients, run
from grader.derivation.derivation import Derivation
from grader.derivation.graph.nodes import Node
from grader.derivation.simplify.reuse import reuse
from grader.derivation.simplify.simplify import Simplifier
from grader.derivation.writing.printing import Printer

LONGEST = 300  # characters of a formula in a line


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
        spare = [name for name in "a c u v w q r".split() if name not in self.forward.leaves]
        self.taken = {*self.forward.leaves, *spare}  # which are no letters of indices
        self._spare = iter(spare + [f"a{k}" for k in range(1, 100)])

    def shown(self, formula: Node) -> str:
        """A formula, with the statements that it needs."""
        text = "; ".join(self.new_printer().lines(formula))
        return text if len(text) <= LONGEST else f"... ({formula.tree_size()} operations, written out)"

    def new_printer(self) -> Printer:
        return Printer(self.derivation.helpers)

    def spare_name(self) -> str:
        return next(self._spare)

    def name_of(self, quantity: str) -> str:
        known = self.by_quantity.get(quantity)
        return known.name if known else f"d{self.derivation.loss}_d{quantity}"
