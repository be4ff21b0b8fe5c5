"""Does a text give a gradient away: in a formula, in words or in a number?  For hints, misconceptions and students' sentences.

Every phrase that could be a formula is evaluated, in any part of a sentence: numpy expressions (`x.T @ dJ_dz`), products without
a sign between them (x^T dJ/dz), entries with indices (Σ_j dJ/dz[j] · W[i, j]) and prose (dJ_dp times p times 1 - p).
What it gives is compared with every gradient, and with the derivatives that gradients are made of, such as that of an activation.
"""

import ast
import itertools
import re
import weakref
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from grader.diagnosis.formulas.world import make_world
from grader.diagnosis.hints import INDEX_LETTERS
from grader.problem.assignment import Assignment
from grader.problem.model import Array
from grader.validation.prose import SHOWN, phrases, tokens_of

_TOLERANCE = 1e-9
_NUMBER_DIGITS = 3  # fewer digits say nothing about an entry
_LONGEST = 24
_POINTS = 2
_OPERATORS = ("+", "-", "*", "/", "@", "**", "(", ")", "[", "]", ",")
_BINARY = {"+", "-", "*", "/", "@", "times", "dot"}
_FUNCTIONS = ("exp", "log", "outer", "dot", "sum", "diag", "sqrt", "tanh")
_ATTRIBUTE = re.compile(r"\bs\.(?=[A-Za-z_])")
_SENTENCES = re.compile(r"(?<=[.?!])\s+")  # no formula goes on after these
_Shown = tuple[tuple[str, ...], list[Array]]
_READERS: dict[int, "Reader"] = {}


def leaks(assignment: Assignment, gradient: str, text: str, *, strict: bool, numbers: bool = True) -> list[str]:
    """The formulas and numbers in `text`, which is about `gradient`, that are a right answer or a derivative in one.

    Args:
        strict: also those that are the answer to `gradient` up to transposition, sign and a constant factor, and its numbers.
        numbers: its numbers, too; with False a number that is equal to one of them is chance.
    """
    key = id(assignment)
    if key not in _READERS:
        _READERS[key] = Reader(assignment)
        weakref.finalize(assignment, _READERS.pop, key, None)
    return _READERS[key].leaks(gradient, text, strict=strict, numbers=numbers)


class Reader:
    """Reads texts about one assignment."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = weakref.ref(assignment)
        self.exact = assignment.exact
        self._spaces = [namespace(assignment, k) for k in range(min(_POINTS, len(assignment.points)))]
        self._known = set(self._spaces[0])
        self._written = _Written(assignment)
        self._read: dict[str, list[_Shown]] = {}

    @cached_property
    def derivatives(self) -> list[Sequence[Array]]:
        """Those that gradients are made of: of each function that the model applies, and of the loss by its output."""
        assignment = self._assignment()
        assert assignment is not None
        world = make_world(assignment)
        found: list[Sequence[Array]] = []
        for one in world.applications:
            for node in (one.derivative, one.jacobian, ("d", one.quantity, assignment.config.loss)):
                values = world.evaluator(node)
                if values is not None and all(np.size(value) > 1 for value in values):
                    found.append(values[: len(self._spaces)])
        return found

    def leaks(self, gradient: str, text: str, *, strict: bool, numbers: bool = True) -> list[str]:
        """See the function of this name."""
        assignment = self._assignment()
        assert assignment is not None
        found = []
        for sentence in _SENTENCES.split(text):
            for shown, values in self._formulas_in(sentence):
                if self._is_leak(gradient, shown, values, strict=strict):
                    found.append(" ".join(SHOWN.get(token, token) for token in shown))
        if strict and numbers:
            found += [number for number in re.findall(r"\d+\.\d+", text) if is_entry(number, self.exact[gradient])]
        return list(dict.fromkeys(found))

    def _formulas_in(self, sentence: str) -> list[_Shown]:
        """Everything in a sentence that may be a formula; most sentences are those of many hints."""
        if sentence not in self._read:
            tokens = tokens_of(self._written.normal(sentence), self._known)
            self._read[sentence] = [*self._formulas(tokens), *phrases(tokens, self._spaces)]
        return self._read[sentence]

    def _is_leak(self, gradient: str, tokens: Sequence[str], values: Sequence[Array], *, strict: bool) -> bool:
        names = [token.removesuffix(".T") for token in tokens if token.removesuffix(".T") in self._known]
        if gradient in names:
            return False
        called = any(callable(self._spaces[0][name]) for name in names)
        if len(names) < 2 and not called and not {"**", "^2", "SQUARE"}.intersection(tokens):
            # A quantity is what every hint has to name; a number times it must be the very answer.
            return bool(_BINARY.intersection(tokens[1:])) and self._matches(gradient, values, strict=False)
        if self._matches(gradient, values, strict=strict):
            return True
        others = [name for name in self.exact if name != gradient and name not in names]
        return any(self._matches(name, values, strict=False) for name in others) or any(
            is_right(values, right, strict=False) for right in self.derivatives
        )

    def _matches(self, gradient: str, values: Sequence[Array], *, strict: bool) -> bool:
        return is_right(values, self.exact[gradient][: len(values)], strict=strict)

    def _formulas(self, tokens: Sequence[str]) -> Iterator[tuple[tuple[str, ...], list[Array]]]:
        """Every run of tokens that is a formula as it stands, with its values."""
        for run in _runs(tokens, self._known):
            for start, end in itertools.combinations(range(len(run) + 1), 2):
                part = tuple(run[start:end])
                if len(part) <= _LONGEST and any(piece.removesuffix(".T") in self._known for piece in part):
                    for whole in (part, *_with_products(part)):
                        values = evaluated("".join(f" {token} " for token in whole), self._spaces)
                        if values is not None:
                            yield whole, values


def namespace(assignment: Assignment, k: int) -> dict[str, Any]:
    """What a formula may be made of at sample point `k`: quantities, gradients, functions of the model and of numpy."""
    names: dict[str, Any] = {name: getattr(np, name) for name in _FUNCTIONS}
    config, values = assignment.config, assignment.points[k].values
    names |= {name: value for name, value in assignment.graph.helpers.items() if name not in config.quantities}
    names |= {name: value for name, value in values.items() if name != config.loss}
    return names | {name: right[k] for name, right in assignment.exact.items()}


class _Written:
    """How gradients and quantities may be written in a text."""

    def __init__(self, assignment: Assignment) -> None:
        self._names = {one.of: one.name for one in reversed(assignment.config.gradients)}
        quantities = "|".join(sorted(self._names, key=len, reverse=True))
        self._gradient = re.compile(rf"\bd{assignment.config.loss}/d({quantities})(?![A-Za-z0-9_])")

    def normal(self, text: str) -> str:
        """The text with gradients and transposes written as in Python."""
        text = self._gradient.sub(lambda found: self._names[found[1]], text)
        return _ATTRIBUTE.sub("", text).replace("^T", ".T")


def _runs(tokens: Sequence[str], known: set[str]) -> Iterator[list[str]]:
    """The longest runs of tokens that may be in a formula."""
    for belongs, run in itertools.groupby(tokens, lambda token: _belongs(token, known)):
        if belongs:
            yield [{"times": "*", "dot": "@"}.get(token, token) for token in run]


def _belongs(piece: str, known: set[str]) -> bool:
    if piece.removesuffix(".T") in known or piece in (*_OPERATORS, "times", "dot") or piece in tuple(INDEX_LETTERS):
        return True
    return piece[0].isdigit() or piece.startswith("Σ_")


def _with_products(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The same with a sign wherever two factors are side by side: as matrix products, and as others."""
    ends = [piece[0].isalnum() or piece in (")", "]") for piece in tokens]
    begins = [piece[0].isalpha() or piece == "(" for piece in tokens]
    gaps = [i for i in range(1, len(tokens)) if ends[i - 1] and begins[i]]
    for sign in ("@", "*") if gaps else ():
        yield tuple(part for i, own in enumerate(tokens) for part in ((sign, own) if i in gaps else (own,)))


def evaluated(source: str, spaces: Sequence[Mapping[str, Any]]) -> list[Array] | None:
    """The values of an expression, in which Σ_j is a sum over the index j; None where it is none."""
    while (found := re.search(r"Σ_(\w)", source)) is not None:
        source = f"{source[: found.start()]} SUM('{found[1]}', {source[found.end() :]})"
    try:
        tree = ast.parse(source.strip(), mode="eval").body
        with np.errstate(all="ignore"):
            return [np.squeeze(np.asarray(_evaluate(tree, space), dtype=float)) for space in spaces]
    except Exception:  # it is prose
        return None


def is_right(values: Sequence[Array], right: Sequence[Array], *, strict: bool) -> bool:
    """Whether these are the right values; where strict, up to transposition and a number that is the same at all points."""
    factors = [_factor(np.squeeze(v), np.squeeze(r), strict=strict) for v, r in zip(values, right, strict=True)]
    return None not in factors and len({round(factor, 6) for factor in factors if factor is not None}) == 1


def _factor(value: Array, wanted: Array, *, strict: bool) -> float | None:
    """The number c with value = c wanted, if there is one; without `strict` only 1 counts."""
    for arranged in (value, value.T) if strict else (value,):
        if arranged.shape == wanted.shape and np.all(np.isfinite(arranged)) and np.any(arranged):
            factor = float(np.vdot(wanted, arranged) / np.vdot(wanted, wanted))
            close = np.linalg.norm(arranged - factor * wanted) <= _TOLERANCE * np.linalg.norm(arranged)
            if close and (strict or abs(factor - 1) <= _TOLERANCE):
                return factor
    return None


def _evaluate(node: ast.expr, space: Mapping[str, Any]) -> Any:
    """The value of an expression; entries with indices have one axis for each index letter."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return space[name]
        case ast.Attribute(value=value, attr="T"):
            return _evaluate(value, space).T
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, space)
        case ast.BinOp(left=left, op=operator, right=right):
            return _OPERATIONS[type(operator)](_evaluate(left, space), _evaluate(right, space))
        case ast.Subscript(value=value, slice=ast.Name(id=letter)):
            return _entries(_evaluate(value, space), [letter])
        case ast.Subscript(value=value, slice=ast.Tuple(elts=letters)):
            return _entries(_evaluate(value, space), [letter.id for letter in letters if isinstance(letter, ast.Name)])
        case ast.Call(func=ast.Name(id="SUM"), args=[ast.Constant(value=letter), summand]):
            return np.sum(_evaluate(summand, space), axis=INDEX_LETTERS.index(str(letter)), keepdims=True)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return space[name](*[_evaluate(argument, space) for argument in arguments])
        case _:
            raise ValueError("not a formula")


def _entries(array: Array, letters: Sequence[str]) -> Array:
    """`A[i, j]` for all i and j: the array with the axis of each letter in its own place."""
    array = np.squeeze(array) if np.ndim(array) != len(letters) else array
    if np.ndim(array) != len(letters) or len(set(letters)) != len(letters):
        raise ValueError("not one letter an axis")
    places = [INDEX_LETTERS.index(letter) for letter in letters]
    shape = [1] * len(INDEX_LETTERS)
    for place, size in zip(places, np.shape(array), strict=True):
        shape[place] = size
    return np.transpose(array, np.argsort(places)).reshape(shape)


def is_entry(number: str, right: Sequence[Array]) -> bool:
    """Whether a number is an entry of the right answer at some sample point, rounded to as many decimals."""
    digits = len(number.partition(".")[2])
    if len(number.replace(".", "").lstrip("0")) < _NUMBER_DIGITS:
        return False
    return any(bool(np.any(np.round(np.abs(array), digits) == float(number))) for array in right)


_OPERATIONS: dict[type[ast.operator], Any] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.MatMult: np.matmul, ast.Pow: np.power,
}  # fmt: skip
