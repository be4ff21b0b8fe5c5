"""From one gradient down to the next, line by line in index notation, every line evaluated before it is shown.

A gradient is derived from the nearest gradient above it that has a name.  Between the two the model is cut where all
paths meet: at each function of one argument, and at what lies between them, which is a sum of products.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from grader.derivation.chain import total
from grader.derivation.graph.nodes import Array, Node
from grader.derivation.graph.recorder import RULES, Tracer
from grader.derivation.index_notation.context import Context, Line
from grader.derivation.index_notation.entries import entry
from grader.derivation.index_notation.entry_text import text, value
from grader.derivation.index_notation.expressions import (
    ELEMENTWISE,
    SEVERAL,
    Constant,
    Delta,
    Entry,
    Expression,
    Letters,
    Namer,
    NotInIndices,
    Product,
    Sum,
    Total,
)
from grader.derivation.index_notation.kronecker import collapse, derivative, in_order_of, substituted
from grader.derivation.index_notation.transposes import shapes_under
from grader.derivation.rules.backward import gradients
from grader.derivation.simplify.algebra import as_product, bare
from grader.derivation.simplify.reuse import Gradient, Reuser, gradient_leaf
from grader.derivation.simplify.simplify import Simplifier

TOLERANCE = 1e-9
ONE = Fraction(1)


def paths(context: Context, gradient: Gradient) -> Iterator[Line]:
    """The lines for each use of a quantity, and the sum over the uses."""
    uses = [f for f in context.forward.order if gradient.of in context.forward.parameters[f]]
    for function in uses:
        if len(uses) > 1:
            yield Line("heading", f"Through {function}:")
        yield from Path(context, gradient, function, part=len(uses) > 1).lines()
    if len(uses) > 1:
        times = "twice" if len(uses) == 2 else f"{len(uses)} times"
        yield Line("heading", f"{gradient.of} is used {times}, and the paths add up:")
        yield Line("matrix", context.assigned(context.name_of(gradient.of), gradient.formula))


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
            if quantity in context.forward.parameters[user]:
                between = Path(context, Gradient("", context.forward.leaves[quantity], self.root), user)
                parts.append(context.simplify(between.adjoints[between.leaf]))
        return total(self.graph, parts, context.forward.leaves[quantity])

    def adjoint(self, node: Node) -> Node:
        """The gradient by a node on the way, as a formula with the names of known gradients."""
        return self.reuser(self.context.simplify(self.adjoints[node]))

    def lines(self) -> Iterator[Line]:
        cuts = _cuts(self.root, self.leaf)
        top = self._start(cuts)
        known = self.function in (self.context.derivation.loss, *self.context.by_quantity)
        if top is self.root and self.adjoint(top).op != "gradient" and not known:
            yield from self._above()
        while top is not self.leaf:
            bottom = _next_cut(top, cuts)
            yield from self._segment(top, bottom)
            top = bottom

    def _start(self, cuts: list[Node]) -> Node:
        """The nearest node above with a known gradient; of several with the same gradient the one nearest to the loss."""
        known = [self.adjoint(cut) for cut in cuts]
        lowest = next((k for k in range(1, len(cuts)) if known[k].op == "gradient"), None)
        if lowest is None:
            return self.root
        return [cut for cut, adjoint in zip(cuts, known, strict=True) if adjoint is known[lowest]][-1]

    def _above(self) -> Iterator[Line]:
        """First the gradient by the function's own result, which has no name among the wanted."""
        quantity = self.context.forward.leaves[self.function]
        whole = Gradient(self.context.name_of(self.function), quantity, self.seed)
        yield from paths(self.context, whole)

    def named(self, node: Node) -> Node:
        """The name of a node on the way: its quantity's, or a letter of its own."""
        if node is self.leaf:
            return node
        if node not in self.names:
            self.names[node] = self.graph.leaf(self.context.spare_name(), node.value)
        return self.names[node]

    def gradient_of(self, node: Node) -> Node:
        """The gradient by a node on the way, under one name."""
        formula = self.adjoint(node)
        if formula.op in ("gradient", "leaf") or (node is self.root and self.function == self.context.derivation.loss):
            return formula
        name = self.named(node).name
        return self.graph.leaf(self.context.name_of(name), formula.value)

    def _segment(self, top: Node, bottom: Node) -> Iterator[Line]:
        shorter = Simplifier(self.graph, {bottom: self.named(bottom)})(top)
        yield from self._lines_of(top, bottom, (self._written_out(top, self.named(bottom)), shorter))
        formula = self.adjoint(bottom)
        shown = bare(formula) if bare(formula).shape else formula
        yield Line("matrix", self.context.assigned(self._label(bottom), shown))
        under = shapes_under(formula, self.context.printer, f"d{self.context.loss}/d{self.named(bottom).name}")
        yield from (Line("shapes", each) for each in under)

    def _lines_of(self, top: Node, bottom: Node, ways: tuple[Node, ...]) -> list[Line]:
        """The lines of a segment as the model writes it, else as it is shortened, else without indices."""
        for way in ways:
            try:
                return list(self._in_indices(top, bottom, way))
            except NotInIndices:
                continue
        return [Line("forward", self.context.assigned(self.named(top).name, ways[-1]))]

    def _label(self, node: Node) -> str:
        name = self.context.name_of(self.named(node).name)
        return f"part of {name}" if self.part and node is self.leaf else name

    def _in_indices(self, top: Node, bottom: Node, way: Node) -> Iterator[Line]:
        """A segment, written in one `way`: the forward line, its derivative, the chain rule, and what is left of it."""
        show, name, below = self._show, self.named(top), self.named(bottom)
        namer = Namer(self.context.taken)
        wanted, letters = namer.entry_letters(below), namer.letters(name)
        body = entry(way, letters, namer, {bottom: below})
        slope = self._slope(top, bottom, letters, wanted, namer) or derivative(body, below, wanted)
        self._check(body, name.value, letters)
        above, out, by = self.gradient_of(top), Entry(name, letters), Entry(below, wanted)
        yield Line("forward", f"{show(out)} = {show(body)}")
        yield Line("local", f"∂{show(out)}/∂{show(by)} = {show(collapse(slope))}")
        if above.op == "gradient" and above.name != self.context.name_of(name.name):
            yield Line("known", f"d{self.context.loss}/d{name.name} = {above.name}, already derived")
        sizes = tuple((letter, size) for letter, size in zip(letters, name.shape, strict=True) if letter)
        factor = Entry(bare(above), _trimmed(letters, bare(above)))
        upstream = Constant(Fraction(self.context.derivation.sign)) if bare(above).is_number() else factor
        part = Product(((upstream, ONE), (slope, ONE)))
        collapsed = in_order_of(collapse(Sum(sizes, part) if sizes else part), wanted)
        gradient, left = self.adjoint(bottom), f"∂{self.context.loss}/∂{show(by)}"
        self._check(collapsed, gradient.value, wanted)
        if upstream is factor:
            summed = f"Σ_{''.join(letter for letter, _ in sizes)} " if sizes else ""
            yield Line("chain", f"{left} = {summed}∂{self.context.loss}/∂{show(out)} · ∂{show(out)}/∂{show(by)}")
        if upstream is factor or self.context.derivation.sign < 0:
            yield Line("entry", f"{left} = {show(collapsed)}")
        if upstream is factor and gradient.op != "gradient":
            yield from self._shortened(top, above, collapsed, gradient, wanted, left)

    def _shortened(
        self, top: Node, above: Node, collapsed: Expression, gradient: Node, wanted: Letters, left: str
    ) -> Iterator[Line]:
        """The entry once more where it has a shorter form; for a softmax, with the gradient above it written out."""
        try:
            final = entry(gradient, wanted, Namer({*self.context.taken, *wanted}))
        except NotInIndices:
            return
        if len(self._show(final)) >= 0.9 * len(self._show(collapsed)):
            return
        if above.op == "leaf" and top.op == "softmax":
            formula = self.adjoint(top)
            inserted = substituted(collapsed, above, lambda places: entry(formula, places, Namer(self.context.taken)))
            yield Line("entry", f"{' ' * len(left)} = {self._show(inserted)}")
            yield from (Line("note", f"since the entries of {y} add up to one:") for y in _distributions(formula))
        yield Line("entry", f"{' ' * len(left)} = {self._show(final)}")

    def _written_out(self, top: Node, below: Node) -> Node:
        """A function as it is written with indices: softmax as exp(a) / Σ exp(a)."""
        if top.op != "softmax":
            return top
        exp = self.graph.node("exp", below)
        return self.graph.node("divide", exp, self.graph.node("sum", exp, axis=top.get("axis"), keepdims=True))

    def _slope(self, top: Node, bottom: Node, letters: Letters, wanted: Letters, namer: Namer) -> Expression | None:
        """The derivative of a function of one argument, by its rule: h · (1 - h); of softmax, with two terms."""
        if top.args.count(bottom) != 1 or any(bottom in arg.walk() for arg in top.args if arg is not bottom):
            return None
        t, x = self.named(top), self.named(bottom)
        equal = (
            [(Delta(a, b), ONE) for a, b in zip(letters, wanted, strict=True) if a]
            if len(letters) == len(wanted)
            else []
        )
        if top.op in ELEMENTWISE or (top.op in SEVERAL and bottom.shape == top.shape):
            rule: Any = RULES[top.op].gradient
            one = Tracer(self.graph.constant(np.ones(top.shape)))
            args = [Tracer(x if arg is bottom else arg) for arg in top.args]
            slope = Simplifier(self.graph)(rule(one, Tracer(t), *args)[top.args.index(bottom)].node)
            return Product(((entry(slope, letters, namer), ONE), *equal))
        if top.op == "softmax" and len(top.get("axis")) == 1:
            axis = top.get("axis")[0]
            other = tuple(wanted[k] if k == axis else letter for k, letter in enumerate(letters))
            bracket = Total(((ONE, Delta(letters[axis], wanted[axis])), (-ONE, Entry(t, other))))
            rest = [(delta, e) for k, (delta, e) in enumerate(equal) if delta.first != letters[axis]]
            return Product(((Entry(t, letters), ONE), (bracket, ONE), *rest))
        return None

    def _show(self, expression: Expression) -> str:
        return text(expression, self.context.printer)

    def _check(self, expression: Expression, array: Array, letters: Letters) -> None:
        """Compare with the array at a few entries.

        Raises:
            NotInIndices: they differ, so that the line is not shown.
        """
        random = np.random.default_rng(0)
        for _ in range(3):
            index = tuple(int(random.integers(size)) for size in array.shape)
            places = {letter: place for letter, place in zip(letters, index, strict=True) if letter}
            found, expected = value(expression, {**self.context.places, **places}), float(array[index])
            if not abs(found - expected) <= TOLERANCE * (1 + abs(expected)):
                raise NotInIndices(self._show(expression))


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


def _next_cut(top: Node, cuts: list[Node]) -> Node:
    """The lower end of a segment: the argument of a function, or the next function below a sum of products."""
    below = cuts[: cuts.index(top)]
    if _is_function(top):
        return below[-1]
    return next((cut for cut in reversed(below) if _is_function(cut) and cut.op not in ("log", "sqrt")), below[0])


def _is_function(node: Node) -> bool:
    return node.op in ELEMENTWISE or node.op in ("softmax", "log_softmax", "logsumexp", "max", "setitem", *SEVERAL)


def _distributions(formula: Node) -> list[str]:
    """The quantities of a formula whose entries, or rows, add up to one, such as one-hot targets."""
    leaves = [each for each, e in as_product(formula)[1].items() if e > 0 and each.op == "leaf" and each.shape]
    return [each.name for each in leaves if np.all(each.value >= 0) and np.allclose(each.value.sum(-1), 1, atol=1e-12)][
        :1
    ]


def _trimmed(letters: Letters, node: Node) -> Letters:
    """The letters for a node that lacks leading axes, or has size one where the letters have more."""
    last = letters[len(letters) - len(node.shape) :]
    return tuple(letter if size > 1 else "" for letter, size in zip(last, node.shape, strict=True))
