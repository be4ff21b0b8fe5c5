"""Entries in index notation as numbers and as text: `Σ_k A[i, k] · B[k, j]`."""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import numpy as np

from grader.derivation.graph.recorder import RULES
from grader.derivation.index_notation.expressions import (
    COMPARISONS,
    Constant,
    Delta,
    Entry,
    Expression,
    Extreme,
    Places,
    Product,
    Sum,
    Total,
)
from grader.derivation.index_notation.places import place_value
from grader.derivation.simplify.algebra import Number, size_of
from grader.derivation.writing.printing import Printer
from grader.derivation.writing.style import number_text, split_number


def value(expression: Expression, places: Places) -> float:
    """The number that the expression is for these values of its letters."""
    if isinstance(expression, Constant):
        return float(expression.number)
    if isinstance(expression, Entry):
        index = tuple(place_value(letter, places) if letter else 0 for letter in expression.letters)
        return float(expression.node.value[index])
    if isinstance(expression, Delta):
        return float(place_value(expression.first, places) == place_value(expression.second, places))
    if isinstance(expression, Sum):
        return sum(value(expression.body, {**places, **inner}) for inner in _ranges(expression.letters))
    if isinstance(expression, Extreme):
        found = [value(expression.body, {**places, **inner}) for inner in _ranges(expression.letters)]
        return max(found) if expression.node.op == "max" else min(found)
    if isinstance(expression, Product):
        result = 1.0
        for factor, exponent in expression.factors:
            result *= value(factor, places) ** float(exponent)
        return result
    if isinstance(expression, Total):
        return sum(float(c) * value(term, places) for c, term in expression.terms)
    return float(RULES[expression.node.op].compute(*[np.asarray(value(arg, places)) for arg in expression.args]))


def _ranges(letters: tuple[tuple[str, int], ...]) -> Iterator[dict[str, int]]:
    for combination in product(*(range(size) for _, size in letters)):
        yield dict(zip((letter for letter, _ in letters), combination, strict=True))


def text(expression: Expression, printer: Printer) -> str:
    return _text(expression, printer)[0]


def _text(expression: Expression, printer: Printer) -> tuple[str, int]:
    """The text, and how tightly it holds: 0 a sum, 1 a product, 2 an atom."""
    if isinstance(expression, Constant):
        written = number_text(expression.number)
        return written, 2 if expression.number >= 0 else 0
    if isinstance(expression, Entry):
        shown = printer(expression.node)
        plain = expression.node.op in ("leaf", "gradient", "size") or re.fullmatch(r"\w+(\(\w+\))?", shown)
        name = shown if plain else f"({shown})"
        letters = ", ".join(letter for letter in expression.letters if letter)
        return (f"{name}[{letters}]" if letters else name), 2
    if isinstance(expression, Delta):
        return f"[{expression.first} = {expression.second}]", 2
    if isinstance(expression, Sum):
        body = _tight(expression.body, printer, 1)
        return f"Σ_{''.join(letter for letter, _ in expression.letters)} {body}", 1
    if isinstance(expression, Extreme):
        body = _tight(expression.body, printer, 2)
        return f"{expression.node.op}_{''.join(letter for letter, _ in expression.letters)} {body}", 1
    if isinstance(expression, Product):
        return _product_text(expression, printer)
    if isinstance(expression, Total):
        return _total_text(expression, printer), 0
    inside = [text(arg, printer) for arg in expression.args]
    if expression.node.op in COMPARISONS:
        return f"[{f' {COMPARISONS[expression.node.op]} '.join(inside)}]", 2
    name = printer.helpers.get(expression.node.op, _SHORT.get(expression.node.op, expression.node.op))
    return f"{name}({', '.join(inside)})", 2


_SHORT = {"maximum": "max", "minimum": "min", "absolute": "abs"}


def _tight(expression: Expression, printer: Printer, least: int) -> str:
    written, own = _text(expression, printer)
    return written if own >= least else f"({written})"


def _product_text(expression: Product, printer: Printer) -> tuple[str, int]:
    """Numbers first, sums last, so that nothing stands in a sum that is not summed."""
    constant: Number = Fraction(1)
    above: list[str] = []
    below: list[str] = []
    for factor, exponent in sorted(expression.factors, key=lambda pair: isinstance(pair[0], Sum) and pair[1] == 1):
        if isinstance(factor, Constant) and exponent == 1:
            constant *= factor.number
        else:
            (above if exponent > 0 else below).append(_raised(factor, size_of(exponent), printer))
    over, under = split_number(size_of(constant))
    above, below = ([n, *parts] if n != "1" else parts for n, parts in ((over, above), (under, below)))
    sign = "-" if constant < 0 else ""
    alone = [f for f, e in expression.factors if isinstance(f, Sum) and e == 1]
    if alone and len(above) == 1 and not below:
        return sign + text(alone[0], printer), 0 if sign else 1
    shown = " · ".join(above) or "1"
    if below:
        shown += " / " + (below[0] if len(below) == 1 else f"({' · '.join(below)})")
    return sign + shown, (0 if sign else 1 if len(above) + len(below) > 1 or alone else 2)


def _raised(factor: Expression, exponent: Number, printer: Printer) -> str:
    if exponent == Fraction(1, 2):
        return f"sqrt({text(factor, printer)})"
    base = _tight(factor, printer, 2)
    return base if exponent == 1 else f"{base}^{number_text(exponent)}"


def _total_text(expression: Total, printer: Printer) -> str:
    result = ""
    for coefficient, term in sorted(expression.terms, key=lambda pair: pair[0] < 0):
        size = size_of(coefficient)
        shown = _tight(term, printer, 1)
        if size != 1:
            shown = f"{number_text(size)} · {shown}" if shown != "1" else number_text(size)
        if result:
            result += f" - {shown}" if coefficient < 0 else f" + {shown}"
        else:
            result = f"-{shown}" if coefficient < 0 else shown
    return result
