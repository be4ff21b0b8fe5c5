"""From one gradient down to the next, line by line in index notation.

A gradient is derived from the nearest gradient above it that has a name.  Between the two the model is cut where all
paths meet: at each function of one argument, at a part that is used several times, and at what lies between them, which is a
sum of products.
"""

from collections.abc import Iterator

import numpy as np

from grader.derivation.chain import total
from grader.derivation.graph.nodes import Node
from grader.derivation.index_notation.context import Context, Line
from grader.derivation.index_notation.expressions import ELEMENTWISE, SEVERAL
from grader.derivation.index_notation.segments import is_shift, segment_lines
from grader.derivation.rules.backward import gradients
from grader.derivation.simplify.algebra import bare
from grader.derivation.simplify.reuse import Gradient, Reuser, gradient_leaf
from grader.derivation.simplify.simplify import Simplifier

LONG = 24  # operations of a formula that is better written with the gradient above it


def paths(context: Context, gradient: Gradient) -> Iterator[Line]:
    """The lines for each use of a quantity, and the sum over the uses."""
    uses = [f for f in context.forward.order if _uses(context, f, gradient.of)]
    for function in uses:
        if len(uses) > 1:
            yield Line("heading", f"Through {function}:")
        yield from Path(context, gradient, function, part=len(uses) > 1).lines()
    if len(uses) > 1:
        times = "twice" if len(uses) == 2 else f"{len(uses)} times"
        yield Line("heading", f"{gradient.of} is used {times}, and the paths add up:")
        yield context.matrix(context.name_of(gradient.of), gradient.formula)


def _uses(context: Context, function: str, quantity: str) -> bool:
    """Whether a function computes with a quantity: not one that only reads its shape."""
    forward = context.forward
    return quantity in forward.parameters[function] and forward.leaves[quantity] in forward.roots[function].walk()


class Path:
    """One use of a quantity: the way from a function of the model down to the quantity."""

    def __init__(self, context: Context, gradient: Gradient, function: str, *, part: bool = False) -> None:
        self.part = part  # whether there are other uses
        self.context, self.gradient, self.function = context, gradient, function
        self.graph = context.graph
        self.root, self.leaf = context.forward.roots[function], gradient.quantity
        self.seed, self.adjoints = min(map(self._backwards, self._seeds()), key=self._length)
        position = next((k for k, each in enumerate(context.local) if each.name == gradient.name), 0)
        self.reuser = Reuser(self.graph, context.local[:position])
        self.names = context.names
        self.names[self.root] = context.forward.leaves[function]

    def _seeds(self) -> Iterator[Node]:
        """The gradient by the function's result: by its name, or seen through, whichever gives the shorter formula."""
        context, function = self.context, self.function
        quantity = context.forward.leaves[function]
        known = context.by_quantity.get(function)
        if function == context.derivation.loss:
            yield self.graph.constant(context.derivation.sign * np.ones(self.root.shape))
        elif known is None:
            yield self._unasked(function)
        else:
            yield gradient_leaf(quantity, known.name, known.value)
            yield next(each.formula for each in context.local if each.of == function)

    def _backwards(self, seed: Node) -> tuple[Node, dict[Node, Node]]:
        return seed, gradients(self.root, seed, [self.leaf])

    def _length(self, found: tuple[Node, dict[Node, Node]]) -> int:
        return self.context.simplify(found[1][self.leaf]).tree_size()

    def _unasked(self, quantity: str) -> Node:
        """The gradient by a quantity that nobody asks for: from the functions that use it."""
        context, parts = self.context, []
        for user in context.forward.order:
            if _uses(context, user, quantity):
                between = Path(context, Gradient("", context.forward.leaves[quantity], self.root), user)
                parts.append(context.simplify(between.adjoints[between.leaf]))
        return total(self.graph, parts, context.forward.leaves[quantity])

    def adjoint(self, node: Node) -> Node:
        """The gradient by a node on the way, as a formula with the names of known gradients."""
        return self.reuser(self.context.simplify(self.adjoints[node]))

    def lines(self) -> Iterator[Line]:
        cuts = _cuts(self.root, self.leaf)
        shared = _shared(self.root, cuts)
        top = self._start(cuts)
        known = self.function in (self.context.derivation.loss, *self.context.by_quantity)
        if top is self.root and self.adjoint(top).op != "gradient" and not known:
            yield from self.above()
        while top is not self.leaf:
            bottom = _next_cut(top, cuts, shared)
            yield from segment_lines(self, top, bottom)
            top = bottom

    def _start(self, cuts: list[Node]) -> Node:
        """The nearest node above with a known gradient; of several with the same gradient the one nearest to the loss."""
        known = [self.adjoint(cut) for cut in cuts]
        lowest = next((k for k in range(1, len(cuts)) if known[k].op == "gradient"), None)
        if lowest is None:
            return self.root
        return [cut for cut, adjoint in zip(cuts, known, strict=True) if adjoint is known[lowest]][-1]

    def above(self) -> Iterator[Line]:
        """First the gradient by the function's own result, which has no name among the wanted."""
        quantity = self.context.forward.leaves[self.function]
        whole = Gradient(self.context.name_of(self.function), quantity, self.seed)
        yield from paths(self.context, whole)

    def named(self, node: Node) -> Node:
        """The name of a node on the way: its quantity's, or a letter of its own."""
        if node is self.leaf:
            return node
        if node not in self.names:
            self.names[node] = self.graph.leaf(self.context.new_name(node), node.value)
        return self.names[node]

    def gradient_of(self, node: Node) -> Node:
        """The gradient by a node on the way, under one name."""
        formula = self.adjoint(node)
        if formula.op in ("gradient", "leaf") or (node is self.root and self.function == self.context.derivation.loss):
            return formula
        name = self.named(node).name
        return self.graph.leaf(self.context.name_of(name), formula.value)

    def adjoint_below(self, top: Node, bottom: Node) -> Node:
        """The gradient by `bottom`; a long one by the gradient that was found just above it, and the names on the way."""
        whole, upstream = self.adjoint(bottom), self.gradient_of(top)
        if whole.tree_size() <= LONG:
            return whole
        own = {node: leaf for node, leaf in self.names.items() if node.args and leaf.name not in self.context.given}
        local = self.adjoints[bottom] if bare(upstream).is_number() else gradients(top, upstream, [bottom])[bottom]
        shorter = Simplifier(self.graph, {**self.context.forward.names(), **own})(local)
        return shorter if shorter.tree_size() < whole.tree_size() else whole

    def formula_of(self, node: Node) -> Node:
        """The gradient by a node on the way, as a formula even where it has a name."""
        formula = self.adjoint(node)
        known = self.context.gradients.get(formula.name) if formula.op == "gradient" else None
        return known.formula if known else formula

    def label(self, node: Node) -> str:
        name = self.context.name_of(self.named(node).name)
        return f"part of {name}" if self.part and node is self.leaf else name


def _cuts(root: Node, leaf: Node) -> list[Node]:
    """The nodes through which all paths from the leaf to the root go, the leaf first."""
    order = list(root.walk())
    below = {leaf: 1}
    for node in order:
        if node is not leaf:
            below[node] = sum(below.get(arg, 0) for arg in node.args)
    above: dict[Node, int] = {root: 1}
    for node in reversed(order):
        for arg in node.args:
            above[arg] = above.get(arg, 0) + above.get(node, 0)
    return [node for node in order if below.get(node) and below[node] * above.get(node, 0) == below[root]]


def _next_cut(top: Node, cuts: list[Node], shared: set[Node]) -> Node:
    """The lower end of a segment: the argument of a function, or the next function or shared part below a sum of products."""
    below = cuts[: cuts.index(top)]
    if _is_function(top):
        return next((cut for cut in reversed(below) if cut.op not in _MOVES), below[0])
    return next((cut for cut in reversed(below) if cut in shared or _cuts_a_sum(cut)), below[0])


_MOVES = ("reshape", "broadcast_to")  # the same entries in another order


def _cuts_a_sum(node: Node) -> bool:
    return _is_function(node) and node.op not in ("log", "sqrt")


def _shared(root: Node, cuts: list[Node]) -> set[Node]:
    """The cuts whose value is used in several places; the leaf is always one."""
    users: dict[Node, set[Node]] = {}
    for node in root.walk():
        for arg in node.args:
            users.setdefault(arg, set()).add(node)
    used = [cut for cut in cuts if len(users.get(cut, ())) > 1 and cut.args and cut.op not in _MOVES]
    return {cut for cut in used if not is_shift(cut)}


def _is_function(node: Node) -> bool:
    return node.op in ELEMENTWISE or node.op in ("softmax", "log_softmax", "logsumexp", "max", "setitem", *SEVERAL)
