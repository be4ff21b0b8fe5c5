"""The lines from one node of the model down to the next, in index notation, every line evaluated before it is shown."""

from collections.abc import Callable, Generator, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.derivation.graph.nodes import Array, Graph, Node
from grader.derivation.graph.recorder import RULES, Tracer
from grader.derivation.index_notation.context import Context, Line
from grader.derivation.index_notation.entries import entry
from grader.derivation.index_notation.entry_text import text, value
from grader.derivation.index_notation.expressions import (
    ELEMENTWISE,
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
    aligned,
    parts_of_expression,
    summed_in,
)
from grader.derivation.index_notation.kronecker import (
    Slopes,
    collapse,
    derivative,
    exchanged,
    in_order_of,
    renamed,
    rule_name,
    substituted,
    with_root,
)
from grader.derivation.index_notation.transposes import shapes_under
from grader.derivation.simplify.algebra import as_product, bare
from grader.derivation.simplify.simplify import Simplifier
from grader.derivation.writing.latex import partial

if TYPE_CHECKING:
    from grader.derivation.index_notation.paths import Path

TOLERANCE = 1e-9
ONE = Fraction(1)


def segment_lines(path: "Path", top: Node, bottom: Node) -> Iterator[Line]:
    """A segment in indices: as the model writes it, else as it is shortened; then its gradient in numpy."""
    context, below = path.context, path.named(bottom)
    shorter = Simplifier(path.graph, {bottom: below})(top)
    ways = (_written_out(path.graph, top, below), shorter)
    yield from _lines_of(path, top, bottom, ways[::-1] if any(map(is_shift, top.walk())) else ways)
    formula = path.adjoint_below(top, bottom)
    yield context.matrix(path.label(bottom), bare(formula) if bare(formula).shape else formula)
    under = shapes_under(formula, context.printer, f"d{context.loss}/d{below.name}")
    yield from (Line("shapes", each) for each in under)


def is_shift(node: Node) -> bool:
    """x - max(x), which changes no softmax."""
    return node.op == "subtract" and node.args[1].op == "max" and node.args[1].args[0] is node.args[0]


def _lines_of(path: "Path", top: Node, bottom: Node, ways: tuple[Node, ...]) -> list[Line]:
    for way in ways:
        try:
            return list(Segment(path, top, bottom, way).lines())
        except NotInIndices:
            continue
    return [path.context.line("forward", path.named(top).name, ways[-1])]


def _written_out(graph: Graph, top: Node, below: Node) -> Node:
    """A function as it is written with indices: softmax as exp(a) / Σ exp(a)."""
    if top.op == "log_softmax":
        total = graph.node("logsumexp", below, axis=top.get("axis"), keepdims=True)
        return graph.node("subtract", below, total)
    if top.op != "softmax":
        return top
    exp = graph.node("exp", below)
    return graph.node("divide", exp, graph.node("sum", exp, axis=top.get("axis"), keepdims=True))


class Segment:
    """From `top` down to `bottom`, with `way` as the formula of `top`."""

    def __init__(self, path: "Path", top: Node, bottom: Node, way: Node) -> None:
        self.path, self.top, self.bottom, self.way = path, top, bottom, way
        self.context: Context = path.context
        self.name, self.below = path.named(top), path.named(bottom)
        self.namer: Namer = self.context.namer()
        self.wanted, self.letters = self.namer.entry_letters(self.below), self.namer.letters(self.name)
        self.out, self.by = Entry(self.name, self.letters), Entry(self.below, self.wanted)

    def lines(self) -> Iterator[Line]:
        """The forward line, its derivative, the chain rule, and what is left of it.

        Raises:
            NotInIndices: there is no index notation for it, or a line does not have the value that it claims.
        """
        names: dict[Node, Node] = {self.bottom: self.below}
        slopes: dict[Node, Callable[[Letters], Expression]] = {}
        for part in _filled_before(self.way, self.bottom):
            names[part] = yield from self._given(part)
        for part in _reduced(self.way, self.bottom) if self.top.op not in ("softmax", "log_softmax") else ():
            names[part], at = yield from self._inner(part)
            slopes[names[part]] = at
        body = entry(self.way, self.letters, self.namer, names)
        self._check(body, self.name.value, self.letters)
        own = self._own_rule()
        slope = own or exchanged(derivative(body, self.below, self.wanted, slopes), body, self.out)
        shown = own if own and self.top.op == "softmax" else collapse(slope)
        yield from self._differentiated(self.out, body, shown, slopes)
        yield from self._chain(slope)

    def _given(self, part: Node) -> Generator[Line, None, Node]:
        """A part that does not depend on what is differentiated by, under a name of its own: a padded input."""
        leaf = self.path.named(part)
        namer = self.namer.copy()
        letters = namer.letters(leaf)
        body = entry(part, letters, namer)
        self._check(body, leaf.value, letters)
        yield Line("forward", f"{self._show(Entry(leaf, letters))} = {self._show(body)}")
        return leaf

    def _inner(self, part: Node) -> Generator[Line, None, tuple[Node, Callable[[Letters], Expression]]]:
        """A part that lacks axes, such as the root of a variance, under a name of its own: its leaf and its derivative."""
        leaf = self.path.named(part)
        letters = self.namer.letters(leaf)
        out, body = Entry(leaf, letters), entry(part, letters, self.namer, {self.bottom: self.below})
        self._check(body, leaf.value, letters)
        slope = exchanged(derivative(body, self.below, self.wanted), body, out)
        if isinstance(body, Product) and body.factors[0][1] == ONE / 2 and len(body.factors) == 1:
            slope = with_root(slope, body.factors[0][0], out)
        yield from self._differentiated(out, body, collapse(slope), {})

        def at(places: Letters) -> Expression:
            found = slope
            for old, new in zip(letters, places, strict=True):
                found = renamed(found, old, new) if old else found
            return found

        return leaf, at

    def _differentiated(self, out: Entry, body: Expression, slope: Expression, inner: Slopes) -> Iterator[Line]:
        yield Line("forward", f"{self._show(out)} = {self._show(body)}")
        left = f"∂{self._show(out)}/∂{self._show(self.by)}"
        top, helpers = self.top if out == self.out else None, self.context.derivation.helpers
        rule = rule_name(top, body, self.below, inner, helpers)
        yield Line("local", f"{left} = {self._show(slope)}", rule=rule)

    def _chain(self, slope: Expression) -> Iterator[Line]:
        show, context, sign = self._show, self.context, self.context.derivation.sign
        above = self.path.gradient_of(self.top)
        if above.op == "gradient" and above.name != context.name_of(self.name.name):
            left, known = (partial(context.loss, of) for of in (self.name.name, str(above.get("of"))))
            latex = rf"{left} = {known} \text{{, already derived}}"
            yield Line("known", f"d{context.loss}/d{self.name.name} = {above.name}, already derived", latex)
        sizes = tuple((letter, size) for letter, size in zip(self.letters, self.name.shape, strict=True) if letter)
        upstream: Expression = Entry(bare(above), aligned(bare(above), self.name, self.letters))
        given = bare(above).is_number()
        if given:
            upstream = Constant(Fraction(sign))
        part = Product(((upstream, ONE), (slope, ONE)))
        collapsed = in_order_of(collapse(Sum(sizes, part) if sizes else part), self.wanted)
        gradient, left = self.path.adjoint(self.bottom), f"∂{context.loss}/∂{show(self.by)}"
        self._check(collapsed, gradient.value, self.wanted)
        if not given:
            summed = f"Σ_{''.join(letter for letter, _ in sizes)} " if sizes else ""
            parts = f"∂{context.loss}/∂{show(self.out)} · ∂{show(self.out)}/∂{show(self.by)}"
            yield Line("chain", f"{left} = {summed}{parts}")
            yield from self._indices(sizes, collapsed)
        if not given or sign < 0:
            yield Line("entry", f"{left} = {show(collapsed)}")
        if not given and gradient.op != "gradient":
            yield from self._shortened(above, collapsed, gradient, left)

    def _indices(self, sizes: Sequence[tuple[str, int]], collapsed: Expression) -> Iterator[Line]:
        """Which letters are free, which are summed, and what they count."""
        graph, show = self.path.graph, self.context.printer
        free = [(letter, size) for letter, size in zip(self.wanted, self.below.shape, strict=True) if letter]
        summed = {**dict(sizes), **summed_in(collapsed)}
        shown = [
            f"{kind}: {', '.join(f'{letter} ({show(graph.size(size))})' for letter, size in pairs)}"
            for kind, pairs in (("free", free), ("summed", summed.items()))
            if pairs
        ]
        if shown:
            yield Line("indices", "; ".join(shown))

    def _shortened(self, above: Node, collapsed: Expression, gradient: Node, left: str) -> Iterator[Line]:
        """The entry once more where it has a shorter form, with what is known of the quantities in it."""
        indent = " " * len(left)
        try:
            final = entry(gradient, self.wanted, self.context.namer(self.wanted))
        except NotInIndices:
            return
        if len(self._show(final)) >= 0.9 * len(self._show(collapsed)):
            return
        formula = self.path.formula_of(self.top)
        if self.top.op in ("softmax", "log_softmax") and formula is not above and above.name not in self._show(final):
            inserted = substituted(collapsed, above, lambda places: entry(formula, places, self.namer.copy()))
            inserted = collapse(inserted, opened=True)
            if inserted not in (collapsed, final):
                yield Line("entry", f"{indent} = {self._show(inserted)}")
        if self.top.op in ("softmax", "log_softmax"):
            distributions = _distributions(formula, self.top.get("axis"))
            yield from (Line("note", f"since the entries of {y} add up to one:") for y in distributions)
        if final == Constant(Fraction(0)):
            yield from (Line("note", f"since {self._show(each)} = 0:") for each in self._vanishing(collapsed))
        yield Line("entry", f"{indent} = {self._show(final)}")

    def _vanishing(self, collapsed: Expression) -> Sequence[Expression]:
        """The sum that makes it zero."""
        places = {letter: 0 for letter in self.wanted if letter}
        parts = [collapsed, *parts_of_expression(collapsed)]
        sums = [each for part in parts for each in parts_of_expression(part) if isinstance(each, Sum)]
        return [each for each in sums if abs(value(each, {**self.context.places, **places})) < TOLERANCE][:1]

    def _own_rule(self) -> Expression | None:
        """The derivative of a function of one argument, by its rule: h · (1 - h); of softmax, with two terms."""
        top, letters, wanted = self.top, self.letters, self.wanted
        if top.args.count(self.bottom) != 1 or self.bottom.shape != top.shape:
            return None
        equal = [(Delta(a, b), ONE) for a, b in zip(letters, wanted, strict=True) if a]
        if top.op in ELEMENTWISE:
            rule: Any = RULES[top.op].gradient
            one = Tracer(self.path.graph.constant(np.ones(top.shape)))
            slope = Simplifier(self.path.graph)(rule(one, Tracer(self.name), Tracer(self.below))[0].node)
            return Product(((entry(slope, letters, self.namer), ONE), *equal))
        axes = [axis for axis in top.get("axis", ()) if letters[axis]]
        if top.op == "softmax" and len(axes) == 1:
            axis = axes[0]
            other = tuple(wanted[k] if k == axis else letter for k, letter in enumerate(letters))
            bracket = Total(((ONE, Delta(letters[axis], wanted[axis])), (-ONE, Entry(self.name, other))))
            rest = [(delta, e) for delta, e in equal if delta.first != letters[axis]]
            return Product(((self.out, ONE), (bracket, ONE), *rest))
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
            try:
                found, expected = value(expression, {**self.context.places, **places}), float(array[index])
            except IndexError as error:  # a letter that counts two dimensions
                raise NotInIndices(self._show(expression)) from error
            if not abs(found - expected) <= TOLERANCE * (1 + abs(expected)):
                raise NotInIndices(self._show(expression))


def _filled_before(way: Node, bottom: Node) -> list[Node]:
    """Arrays that are filled in part and do not depend on `bottom`."""
    filled = [n for n in way.walk() if n.op in ("setitem", "scatter") and len(n.args) < 3 and bottom not in n.walk()]
    return [node for node in filled if not any(node in other.args for other in filled)]


def _reduced(way: Node, bottom: Node) -> list[Node]:
    """The largest parts that lack axes of the whole and are no linear function of `bottom`."""
    above = {bottom}
    curved: set[Node] = set()
    for node in way.walk():
        if above.intersection(node.args):
            above.add(node)
            if node.op in ("sqrt", "log", "power", "exp") or curved.intersection(node.args):
                curved.add(node)
    found: list[Node] = []
    pending = [way] if way in above else []
    while pending:
        node = pending.pop()
        if node.value.size < way.value.size and node in curved and node is not bottom:
            found.append(node)
        else:
            pending += [arg for arg in node.args if arg in above and arg is not bottom]
    return list(dict.fromkeys(found))


def _distributions(formula: Node, axes: tuple[int, ...]) -> list[str]:
    """The quantities of a formula whose entries along these axes add up to one, such as one-hot targets."""
    powers = as_product(formula)[1].items()
    factors = [each for each, e in powers if e > 0 and each.shape == formula.shape and np.all(each.value >= 0)]
    ones = [each for each in factors if np.allclose(each.value.sum(axis=axes), 1, atol=1e-12)]
    leaves = [each.args[0] if each.op == "transpose" else each for each in ones]
    return [each.name for each in leaves if each.op == "leaf" and not each.is_discrete][:1]
