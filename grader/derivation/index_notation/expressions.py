"""Index notation as data: entries, sums over letters, products, and Kronecker's brackets."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from grader.derivation.graph.nodes import Node
from grader.derivation.simplify.algebra import Number

Letters = tuple[str, ...]  # one place per axis, "" for an axis of size one
Places = Mapping[str, Any]  # the value of each letter, and of each index array
POOL = "ijklmpqrbfgo" + "acdehnstuvwxyz" + "ABCDEFGH"


@dataclass(frozen=True)
class Constant:
    """A number."""

    number: Number


@dataclass(frozen=True)
class Entry:
    """An entry of something that has a name: h[i]."""

    node: Node
    letters: Letters


@dataclass(frozen=True)
class Delta:
    """[i = k]: one where they are equal, else zero."""

    first: str
    second: str


@dataclass(frozen=True)
class Sum:
    """Σ over letters, each from 0 to its size."""

    letters: tuple[tuple[str, int], ...]
    body: "Expression"


@dataclass(frozen=True)
class Extreme:
    """The largest or smallest value over letters; the node is where max or min stands in the formula."""

    node: Node
    letters: tuple[tuple[str, int], ...]
    body: "Expression"


@dataclass(frozen=True)
class Product:
    """Powers of expressions, multiplied."""

    factors: tuple[tuple["Expression", Number], ...]


@dataclass(frozen=True)
class Total:
    """Multiples of expressions, added."""

    terms: tuple[tuple[Number, "Expression"], ...]


@dataclass(frozen=True)
class Applied:
    """A function of numbers, such as exp or >; the node is where the function stands in the formula."""

    node: Node
    args: tuple["Expression", ...]


def mapped(expression: "Expression", change: "Callable[[Expression], Expression]") -> "Expression":
    """The same with the parts that it is made of changed."""
    if isinstance(expression, Sum | Extreme):
        return replace(expression, body=change(expression.body))
    if isinstance(expression, Product):
        return Product(tuple((change(factor), exponent) for factor, exponent in expression.factors))
    if isinstance(expression, Total):
        return Total(tuple((c, change(term)) for c, term in expression.terms))
    if isinstance(expression, Applied):
        return replace(expression, args=tuple(map(change, expression.args)))
    return expression


Expression = Constant | Entry | Delta | Sum | Extreme | Product | Total | Applied
ONE = Constant(Fraction(1))

ELEMENTWISE = set("exp log tanh sigmoid relu softplus sin cos log1p expm1 absolute sign arctan tan".split())


SEVERAL = {"maximum", "minimum", "where", "logaddexp"}  # functions of several arguments, entry by entry
COMPARISONS = {"greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<=", "equal": "=", "not_equal": "≠"}


class NotInIndices(Exception):
    """A formula or a derivative that index notation is not written for here."""


class Namer:
    """Hands out letters: those of the dimensions, n for N, where they are free, else i, j, k, ...

    No letter is also the name of something in the assignment, and none is the letter of another dimension as long as there
    are others.
    """

    def __init__(self, taken: Iterable[str] = (), number: Callable[[int], str] = str) -> None:
        self.used: set[str] = set(taken)
        self.number = number  # how a number that is an index is written

    def copy(self) -> "Namer":
        return Namer(self.used, self.number)

    def letter(self, node: Node, size: int) -> str:
        """The letter of a summed index, or of one in the model's own line."""
        return self._free(node, own_letter(node.graph.size(size).name))

    def letters(self, node: Node) -> Letters:
        return tuple(self.letter(node, size) if size > 1 else "" for size in node.shape)

    def entry_letters(self, node: Node) -> Letters:
        """The letters of the one entry by which something is differentiated: i, j, k, but n for examples and t for time."""
        names = [node.graph.size(size).name if size > 1 else "" for size in node.shape]
        own = [own_letter(name) if name in ("N", "T") else "" for name in names]
        return tuple(self._free(node, letter) if size > 1 else "" for letter, size in zip(own, node.shape, strict=True))

    def _free(self, node: Node, wanted: str) -> str:
        others = {own_letter(name) for name in node.graph.dimensions}
        pool = [wanted, *(each for each in POOL if each not in others), *POOL]
        letter = next((each for each in pool if each and each not in self.used), "")
        if not letter:
            raise NotInIndices("more indices than letters")
        self.used.add(letter)
        return letter


def own_letter(dimension: str) -> str:
    """The letter of a dimension: v of V, h of Dh where that is free for nobody else."""
    return dimension[:1].lower() if dimension[:1].isascii() else ""


def aligned(arg: Node, node: Node, letters: Letters) -> Letters:
    """The letters of an argument that is repeated along the axes that it lacks."""
    return fit(arg, letters[len(letters) - len(arg.shape) :])


def fit(node: Node, letters: Letters) -> Letters:
    return tuple(letter if size > 1 else "" for letter, size in zip(letters, node.shape, strict=True))


def sum_over(letters: tuple[tuple[str, int], ...], body: Expression) -> Sum:
    """A sum, and one within it, as one."""
    return Sum((*letters, *body.letters), body.body) if isinstance(body, Sum) else Sum(letters, body)


def parts_of_expression(expression: Expression) -> list[Expression]:
    """What it is made of."""
    if isinstance(expression, Sum | Extreme):
        return [expression.body]
    if isinstance(expression, Product):
        return [factor for factor, _ in expression.factors]
    if isinstance(expression, Total):
        return [term for _, term in expression.terms]
    return list(expression.args) if isinstance(expression, Applied) else []


def summed_in(expression: Expression) -> dict[str, int]:
    """The letters of all sums in an expression, and their sizes."""
    found = dict(expression.letters) if isinstance(expression, Sum) else {}
    for part in parts_of_expression(expression):
        found |= summed_in(part)
    return found
