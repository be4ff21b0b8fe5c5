"""Entries in index notation as numbers and as text: `Σ_k A[i, k] · B[k, j]`."""

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
    Places,
    Product,
    Sum,
    Total,
)
from grader.derivation.simplify.algebra import size_of
from grader.derivation.writing.printing import Printer
from grader.derivation.writing.style import number_text, split_number


def value(expression: Expression, places: Places) -> float:
    """The number that the expression is for these values of its letters."""
    if isinstance(expression, Constant):
        return float(expression.number)
    if isinstance(expression, Entry):
        index = tuple(_place(letter, places) if letter else 0 for letter in expression.letters)
        return float(expression.node.value[index])
    if isinstance(expression, Delta):
        return float(_place(expression.first, places) == _place(expression.second, places))
    if isinstance(expression, Sum):
        return sum(value(expression.body, {**places, **inner}) for inner in _ranges(expression.letters))
    if isinstance(expression, Product):
        result = 1.0
        for factor, exponent in expression.factors:
            result *= value(factor, places) ** float(exponent)
        return result
    if isinstance(expression, Total):
        return sum(float(c) * value(term, places) for c, term in expression.terms)
    return float(RULES[expression.node.op].compute(*[np.asarray(value(arg, places)) for arg in expression.args]))


def _place(letter: str, places: Places) -> int:
    """The value of a letter, or of an index array at a letter: words[t]."""
    name, _, inner = letter.partition("[")
    if not inner:
        return int(places[name])
    return int(places[name][tuple(places[each] for each in inner.rstrip("]").split(", "))])


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
        name = shown if expression.node.op in ("leaf", "gradient", "size") or shown.isidentifier() else f"({shown})"
        letters = ", ".join(letter for letter in expression.letters if letter)
        return (f"{name}[{letters}]" if letters else name), 2
    if isinstance(expression, Delta):
        return f"[{expression.first} = {expression.second}]", 2
    if isinstance(expression, Sum):
        body = _tight(expression.body, printer, 1)
        return f"Σ_{''.join(letter for letter, _ in expression.letters)} {body}", 1
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
    above: list[str] = []
    below: list[str] = []
    sign = ""
    for factor, exponent in expression.factors:
        if isinstance(factor, Constant) and exponent == 1:
            over, under = split_number(size_of(factor.number))
            sign = "-" if factor.number < 0 else ""
            above += [over] if over != "1" else []
            below += [under] if under != "1" else []
            continue
        base = _tight(factor, printer, 2)
        size = size_of(exponent)
        written = base if size == 1 else f"{base}^{number_text(size)}"
        written = f"sqrt({text(factor, printer)})" if size == Fraction(1, 2) else written
        (above if exponent > 0 else below).append(written)
    sums = [each for each in above if each.startswith("(Σ")]
    above = [each for each in above if each not in sums] + sums  # what is not summed comes first
    only = len(above) == 1 and sums and not below
    shown = above[0][1:-1] if only else " · ".join(above) or "1"
    if below:
        shown += " / " + (below[0] if len(below) == 1 else f"({' · '.join(below)})")
    return sign + shown, (0 if sign else 1 if len(above) + len(below) > 1 or sums else 2)


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
