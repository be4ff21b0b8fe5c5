"""Derivatives of entries: ∂U[l, k]/∂U[i, j] is [l = i] · [k = j], and a bracket with a summed letter removes the sum."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

from grader.derivation.graph.nodes import Node
from grader.derivation.graph.recorder import RULES
from grader.derivation.index_notation.expressions import (
    ONE,
    Applied,
    Constant,
    Delta,
    Entry,
    Expression,
    Extreme,
    Letters,
    NotInIndices,
    Product,
    Sum,
    Total,
    mapped,
    parts_of_expression,
)
from grader.derivation.index_notation.places import letters_of, swapped
from grader.derivation.simplify.algebra import Number

Slopes = Mapping[Node, Callable[[Letters], Expression]]  # the derivatives of what has a name of its own


def derivative(expression: Expression, by: Node, letters: Letters, known: Slopes | None = None) -> Expression:
    """∂ expression / ∂ by[letters], brackets and all, not yet shortened."""

    def inside(part: Expression) -> Expression:
        return derivative(part, by, letters, known)

    if isinstance(expression, Entry):
        return _of_entry(expression, by, letters, known or {})
    if isinstance(expression, Product):
        return _of_product(expression, inside)
    if isinstance(expression, Extreme):
        reached = Applied(expression.node.graph.node("equal", *2 * expression.node.args), (expression.body, expression))
        return Sum(expression.letters, Product(((reached, Fraction(1)), (inside(expression.body), Fraction(1)))))
    if isinstance(expression, Applied) and RULES[expression.node.op].gradient:  # a comparison has none
        one = Fraction(1)
        inner = [(k, inside(arg)) for k, arg in enumerate(expression.args)]
        changing = [(k, each) for k, each in inner if collapse(each) != Constant(Fraction(0))]
        slopes = [(one, Product(((_slope(expression, k), one), (each, one)))) for k, each in changing]
        return Total(tuple(slopes)) if len(slopes) > 1 else slopes[0][1] if slopes else Constant(Fraction(0))
    return mapped(expression, inside) if isinstance(expression, Sum | Total) else Constant(Fraction(0))


def _of_entry(expression: Entry, by: Node, letters: Letters, known: Slopes) -> Expression:
    if expression.node in known:
        return known[expression.node](expression.letters)
    if expression.node is not by:
        if by in expression.node.walk():
            raise NotInIndices(expression.node.op)
        return Constant(Fraction(0))
    pairs = zip(expression.letters, letters, strict=True)
    return Product(tuple((Delta(own, other), Fraction(1)) for own, other in pairs if own))


def _of_product(expression: Product, inside: Callable[[Expression], Expression]) -> Expression:
    terms: list[tuple[Number, Expression]] = []
    for position, (factor, exponent) in enumerate(expression.factors):
        others = [pair for k, pair in enumerate(expression.factors) if k != position]
        own = [(factor, exponent - 1)] if exponent != 1 else []
        terms.append((exponent, Product((*others, *own, (inside(factor), Fraction(1))))))
    return Total(tuple(terms))


def _slope(expression: Applied, argument: int) -> Expression:
    """The derivative of a function by one of its arguments, with its result: h · (1 - h)."""
    if len(expression.args) > 1:
        return _choice(expression, argument)
    one, t, x = Fraction(1), expression, expression.args[0]
    rest = Total(((one, ONE), (-one, t)))
    node, graph = expression.node, expression.node.graph
    slopes: dict[str, Expression] = {
        "softplus": Applied(graph.node("sigmoid", *node.args), (x,)),
        "relu": Applied(graph.node("greater", *node.args, graph.constant(0)), (x, Constant(Fraction(0)))),
        "sin": Applied(graph.node("cos", *node.args), (x,)),
        "cos": Product(((Constant(-one), one), (Applied(graph.node("sin", *node.args), (x,)), one))),
        "exp": t,
        "log": Product(((x, -one),)),
        "tanh": Total(((one, ONE), (-one, Product(((t, 2 * one),))))),
        "sigmoid": Product(((t, one), (rest, one))),
        "sqrt": Product(((Constant(one / 2), one), (t, -one))),
    }
    if node.op not in slopes:
        raise NotInIndices(node.op)
    return slopes[node.op]


def _choice(expression: Applied, argument: int) -> Expression:
    """One where the argument is the one that is chosen, else zero; at a tie as the engine's rules have it."""
    node, args = expression.node, expression.args
    if node.op == "where" and argument:
        return args[0] if argument == 1 else Total(((Fraction(1), ONE), (Fraction(-1), args[0])))
    if node.op not in ("maximum", "minimum"):
        raise NotInIndices(node.op)
    tie = argument == 1 and not isinstance(args[0], Constant)
    name = {"maximum": "greater", "minimum": "less"}[node.op] + "_equal" * tie
    return Applied(node.graph.node(name, *node.args), (args[argument], args[1 - argument]))


# Shorter


def collapse(expression: Expression, *, opened: bool = False) -> Expression:
    """The same with products multiplied out into terms, zeros left out, and each summed bracket used up.

    `opened`: also what has no bracket in it, so that equal factors cancel.
    """
    taken = (lambda part: isinstance(part, Sum | Total | Delta)) if opened else _has_bracket
    found = [_collapsed_term(summed, factors, c) for c, summed, factors in _terms(expression, taken)]
    alike: dict[Expression, Number] = {}
    for c, term in found:
        alike[term] = alike.get(term, Fraction(0)) + c
    terms = [(c, term) for term, c in alike.items() if c != 0]
    if not terms:
        return Constant(Fraction(0))
    return terms[0][1] if len(terms) == 1 and terms[0][0] == 1 else Total(tuple(terms))


Factors = list[tuple[Expression, Number]]
Term = tuple[Number, list[tuple[str, int]], Factors]


def _terms(expression: Expression, taken: Callable[[Expression], bool]) -> list[Term]:
    """Sums of products: (coefficient, summed letters, factors); only what is `taken` is taken apart."""
    if isinstance(expression, Constant):
        return [(expression.number, [], [])] if expression.number != 0 else []
    if isinstance(expression, Total) and taken(expression):
        return [(c * inner, s, f) for c, term in expression.terms for inner, s, f in _terms(term, taken)]
    if isinstance(expression, Sum) and taken(expression):
        return [(c, [*expression.letters, *summed], f) for c, summed, f in _terms(expression.body, taken)]
    if isinstance(expression, Product):
        result: list[Term] = [(Fraction(1), [], [])]
        for factor, exponent in expression.factors:
            parts = _terms(factor, taken) if exponent == 1 else [(Fraction(1), [], [(factor, exponent)])]
            result = [(c * d, [*s, *u], [*f, *g]) for c, s, f in result for d, u, g in parts]
        return result
    return [(Fraction(1), [], [(expression, Fraction(1))])]


def _has_bracket(expression: Expression) -> bool:
    if isinstance(expression, Delta | Constant):
        return isinstance(expression, Delta) or expression.number == 0
    if isinstance(expression, Sum):
        return _has_bracket(expression.body)
    if isinstance(expression, Product):
        return any(_has_bracket(factor) for factor, _ in expression.factors)
    return isinstance(expression, Total) and any(_has_bracket(term) for _, term in expression.terms)


def _collapsed_term(summed: list[tuple[str, int]], factors: Factors, c: Number) -> tuple[Number, Expression]:
    letters = dict(summed)
    pending = list(factors)
    kept: Factors = []
    while pending:
        factor, exponent = pending.pop(0)
        if isinstance(factor, Delta):
            gone = _removed(factor, letters)
            if gone:
                other = factor.second if gone == factor.first else factor.first
                del letters[gone]
                pending = [(renamed(f, gone, other), e) for f, e in pending]
                kept = [(renamed(f, gone, other), e) for f, e in kept]
                continue
            if factor.first == factor.second:
                continue
            if not factor.first.isalpha():
                pending, kept = ([(_at_known_place(f, factor), e) for f, e in part] for part in (pending, kept))
        kept.append((factor, exponent))
    return c, _summed(letters, kept)


def _removed(bracket: Delta, letters: dict[str, int]) -> str | None:
    """The summed letter that a bracket uses up.  The place on its left is always one of the axis, whatever its letters are."""
    if bracket.second in letters and bracket.second not in letters_of(bracket.first):
        return bracket.second if bracket.first not in letters else bracket.first
    return bracket.first if bracket.first in letters and bracket.second.isalpha() else None


def _summed(letters: dict[str, int], factors: Factors) -> Expression:
    """The factors that a sum does not need stand before it."""
    inside = [(f, e) for f, e in factors if letters.keys() & letters_in(f)]
    outside = [(f, e) for f, e in factors if (f, e) not in inside]
    used = {letter for f, _ in inside for letter in letters_in(f)}
    total = [(Constant(Fraction(size)), Fraction(1)) for letter, size in letters.items() if letter not in used]
    if not inside:
        return _single([*total, *outside])
    body = _single(inside)
    summed = Sum(tuple((letter, size) for letter, size in letters.items() if letter in used), body)
    return _single([*total, *outside, (summed, Fraction(1))])


def _single(factors: Factors) -> Expression:
    powers: dict[Expression, Number] = {}
    for factor, exponent in factors:
        powers[factor] = exponent if isinstance(factor, Delta) else powers.get(factor, Fraction(0)) + exponent
    factors = [(factor, exponent) for factor, exponent in powers.items() if exponent != 0]
    return factors[0][0] if len(factors) == 1 and factors[0][1] == 1 else Product(tuple(factors)) if factors else ONE


def renamed(expression: Expression, old: str, new: str) -> Expression:
    """The expression with a letter exchanged."""
    if isinstance(expression, Entry):
        return replace(expression, letters=tuple(swapped(place, old, new) for place in expression.letters))
    if isinstance(expression, Delta):
        return Delta(swapped(expression.first, old, new), swapped(expression.second, old, new))
    if isinstance(expression, Sum | Extreme) and old in dict(expression.letters):
        return expression  # a sum's own letter is another one
    return mapped(expression, lambda part: renamed(part, old, new))


def substituted(expression: Expression, node: Node, by: Callable[[Letters], Expression]) -> Expression:
    """The expression with a named array written out."""
    if isinstance(expression, Entry):
        return by(expression.letters) if expression.node is node else expression
    return mapped(expression, lambda part: substituted(part, node, by))


def exchanged(expression: Expression, old: Expression, new: Expression) -> Expression:
    """The expression with a part of it exchanged."""
    return new if expression == old else mapped(expression, lambda part: exchanged(part, old, new))


def with_root(expression: Expression, square: Expression, root: Expression) -> Expression:
    """The expression with powers of `square` as powers of its root."""
    if isinstance(expression, Product):
        factors = [(root, 2 * e) if f == square else (with_root(f, square, root), e) for f, e in expression.factors]
        return Product(tuple(factors))
    return mapped(expression, lambda part: with_root(part, square, root))


def rule_name(top: Node | None, body: Expression, by: Node, inner: Slopes, helpers: Mapping[str, str]) -> str:
    """The rule by which a line is differentiated; `inner` are the parts under names of their own."""
    if top and top.op in ("softmax", "log_softmax"):
        return "quotient rule" if top.op == "softmax" else "derivative of log and exp"
    found: list[str] = []

    def depends(expression: Expression) -> bool:
        here = isinstance(expression, Entry) and (expression.node is by or expression.node in inner)
        return here or any(map(depends, parts_of_expression(expression)))

    def visit(expression: Expression) -> None:
        if isinstance(expression, Product):
            powers = [e for f, e in expression.factors if depends(f)]
            if len(powers) > 1:
                found.append("quotient rule" if min(map(float, powers)) < 0 else "product rule")
            elif powers and powers[0] != 1:
                found.append("power rule")
        elif isinstance(expression, Extreme) and depends(expression):
            found.append(f"only the {'largest' if expression.node.op == 'max' else 'smallest'} entry counts")
        elif isinstance(expression, Applied) and RULES[expression.node.op].gradient and depends(expression):
            found.append(f"derivative of {helpers.get(expression.node.op, expression.node.op)}")
        for part in parts_of_expression(expression):
            visit(part)

    visit(body)
    return ", ".join(dict.fromkeys(found)) or f"linear in {by.name}"


def _at_known_place(expression: Expression, known: Delta) -> Expression:
    """The expression next to a bracket that stays: x[2·i + k] · [2·i + k = m] is x[m] · [2·i + k = m]."""
    if isinstance(expression, Entry):
        places = tuple(known.second if place == known.first else place for place in expression.letters)
        return replace(expression, letters=places)
    return mapped(expression, lambda part: _at_known_place(part, known))


def in_order_of(expression: Expression, letters: Letters) -> Expression:
    """A product without a sum, its factors in the order of the letters: h[i] · δ[j]."""
    if not isinstance(expression, Product) or any(isinstance(factor, Sum) for factor, _ in expression.factors):
        return expression
    place = {letter: k for k, letter in enumerate(letters)}

    def first(pair: tuple[Expression, Number]) -> int:
        return min((place.get(letter, len(place)) for letter in letters_in(pair[0])), default=-1)

    return Product(tuple(sorted(expression.factors, key=first)))


def letters_in(expression: Expression) -> set[str]:
    """The free letters."""
    if isinstance(expression, Entry):
        return {inner for letter in expression.letters for inner in letters_of(letter)}
    if isinstance(expression, Delta):
        return {*letters_of(expression.first), *letters_of(expression.second)}
    if isinstance(expression, Sum | Extreme):
        return letters_in(expression.body) - {letter for letter, _ in expression.letters}
    if isinstance(expression, Product):
        return {letter for f, _ in expression.factors for letter in letters_in(f)}
    if isinstance(expression, Total):
        return {letter for _, term in expression.terms for letter in letters_in(term)}
    args = expression.args if isinstance(expression, Applied) else ()
    return {letter for arg in args for letter in letters_in(arg)}
