"""What the lines of a derivation have in common: the model at one point, its gradients, and names for what lies between."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from grader.derivation.chain import Forward, local_gradients, run
from grader.derivation.derivation import Derivation
from grader.derivation.graph.naming import author_name
from grader.derivation.graph.nodes import Node
from grader.derivation.index_notation.expressions import Namer, own_letter
from grader.derivation.simplify.reuse import reuse
from grader.derivation.simplify.simplify import Simplifier
from grader.derivation.writing.latex import in_latex
from grader.derivation.writing.printing import Printer
from grader.derivation.writing.style import assigned

LONGEST = 300  # characters of a formula in a line
MOST_LINES = 12
SPARE = "a c u v w q r".split()  # names of what lies between two quantities


@dataclass(frozen=True)
class Line:
    """A line of a derivation: what it is, and its text."""

    kind: str  # heading, whole, forward, local, known, chain, indices, entry, note, matrix, shapes, why, code, example
    text: str
    latex: str = ""  # of what is not in index notation
    rule: str = ""  # the rule of differentiation by which it follows


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
        self.given = {*self.forward.leaves, *model.functions, *model.constants, *dimensions}
        spare = [name for name in SPARE if name not in self.given and name not in map(own_letter, dimensions)]
        authors = {name for name, _ in self.forward.lines.values()}
        self.taken = self.given | {*spare} | authors  # which are no letters of indices
        self._spare = [*spare, *(f"a{k}" for k in range(1, 100))]

    def assigned(self, name: str, formula: Node) -> str:
        """`name = formula`, and before it the statements that it needs, one a line."""
        text = assigned(name, self.new_printer().lines(formula))
        too_long = max(map(len, text.splitlines())) > LONGEST or text.count("\n") > MOST_LINES
        return f"{name} = ... ({formula.tree_size()} operations, written out)" if too_long else text

    def matrix(self, name: str, formula: Node) -> Line:
        """The line that has all entries of a gradient at once."""
        return self.line("matrix", name, formula)

    def line(self, kind: str, name: str, formula: Node) -> Line:
        """A line that is not in index notation."""
        return Line(kind, self.assigned(name, formula), in_latex(name, formula, self.loss))

    def new_printer(self) -> Printer:
        return Printer(self.derivation.helpers)

    def new_name(self, node: Node) -> str:
        """A name for what lies between two quantities: its author's, or a letter of its own."""
        used = self.given | {leaf.name for leaf in self.names.values()}
        name = author_name(node, self.forward.lines, self.forward.helpers)
        return next(each for each in [name, *self._spare] if each and each not in used)

    def namer(self, letters: Iterable[str] = ()) -> Namer:
        """Letters for one line or for lines that belong together."""
        return Namer({*self.taken, *letters})

    def name_of(self, quantity: str) -> str:
        known = self.by_quantity.get(quantity)
        return known.name if known else f"d{self.derivation.loss}_d{quantity}"
