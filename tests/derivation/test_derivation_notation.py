"""What is printed in index notation is read back, by a parser of its own, and evaluated: the text itself must be right."""

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from derivation_points import derived

from grader.derivation.index_notation.context import Context
from grader.derivation.index_notation.paths import paths

MODELS = sorted((Path(__file__).parent / "models").glob("*.py"))
TOKEN = re.compile(r"\s*(Σ_\w+|\d+(?:\.\d+)?(?:e-?\d+)?|[A-Za-z_]\w*|>=|<=|[-+·/^()\[\],=<>≥≠])")
FUNCTIONS = {"exp": np.exp, "log": np.log, "tanh": np.tanh, "sqrt": np.sqrt, "max": max, "min": min, "abs": abs}
FUNCTIONS |= {
    "where": lambda c, x, y: x if c else y,
    "relu": lambda x: max(x, 0),
    "softplus": lambda x: np.logaddexp(0, x),
}
FUNCTIONS |= dict.fromkeys(["sigmoid", "sigma"], lambda x: 1 / (1 + np.exp(-x)))


class Reader:
    """Evaluates one line at given values of its letters; arrays are squeezed, as axes of size one are not written."""

    def __init__(
        self, source: str, arrays: dict[str, np.ndarray], letters: dict[str, int], sizes: dict[str, int]
    ) -> None:
        self.tokens = TOKEN.findall(source)
        assert "".join(self.tokens) == source.replace(" ", ""), source
        self.arrays, self.letters, self.sizes, self.position = arrays, dict(letters), sizes, 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        assert not expected or token == expected, (expected, self.tokens[self.position :])
        self.position += 1
        return token

    def total(self) -> float:
        sign = -1 if self.peek() == "-" else 1
        if sign < 0:
            self.take()
        result = sign * self.term()
        while self.peek() in ("+", "-"):
            result += self.term() if self.take() == "+" else -self.term()
        return result

    def term(self) -> float:
        if self.peek().startswith("Σ"):
            return self.summed()
        result = self.power()
        while self.peek() in ("·", "/"):
            divided = self.take() == "/"
            if self.peek().startswith("Σ"):
                assert not divided
                return result * self.summed()
            factor = self.power()
            result = result / factor if divided else result * factor
        return result

    def summed(self) -> float:
        return sum(self.over(self.take()[2:], self.term))

    def over(self, names: str, body: Callable[[], float]) -> list[float]:
        """The body at all values of its letters."""
        start, found, outer = self.position, [], dict(self.letters)
        for values in product(*(range(self.sizes[name]) for name in names)):
            self.position, self.letters = start, {**outer, **dict(zip(names, values))}
            found.append(body())
        self.letters = outer
        return found

    def power(self) -> float:
        base = self.atom()
        if self.peek() == "^":
            self.take()
            base **= float(self.take())
        return base

    def atom(self) -> float:
        token = self.take()
        if token == "(":
            result = self.total()
            self.take(")")
            return result
        if token == "[":
            left, relation, right = self.total(), self.take(), self.total()
            self.take("]")
            return float({"=": left == right, "<": left < right, ">": left > right, ">=": left >= right}[relation])
        if token[0].isdigit():
            return float(token)
        if token[:4] in ("max_", "min_") and token not in self.arrays:
            return FUNCTIONS[token[:3]](self.over(token[4:], self.atom))
        if self.peek() == "(" and token in FUNCTIONS:
            return float(FUNCTIONS[token](*self.listed("(", ")")))
        if self.peek() == "[":
            return float(self.arrays[token][tuple(int(k) for k in self.listed("[", "]"))])
        return float(self.letters[token]) if token in self.letters else float(self.arrays[token])

    def listed(self, opening: str, closing: str) -> list[float]:
        self.take(opening)
        found = [self.total()]
        while self.peek() == ",":
            self.take()
            found.append(self.total())
        self.take(closing)
        return found


def read(source: str, arrays: dict[str, np.ndarray], letters: dict[str, int], sizes: dict[str, int]) -> float:
    reader = Reader(source, arrays, letters, sizes)
    result = reader.total()
    assert not reader.peek(), (source, reader.tokens[reader.position :])
    return result


def sizes_of(text: str, arrays: dict[str, np.ndarray], indexed: dict[str, int]) -> dict[str, int]:
    """The size of each letter, from the arrays that have it as an index."""
    sizes = dict(indexed)
    for name, inside in re.findall(r"(\w+)\[([^\[\]=<>]*)\]", text):
        for axis, letter in enumerate(part.strip() for part in inside.split(",")):
            if name in arrays and axis < arrays[name].ndim and letter.isalpha():
                sizes[letter] = arrays[name].shape[axis]
    for name, inside in re.findall(r"(\w+)\[([^\[\]=<>]*)\]", text):
        for axis, place in enumerate(part.strip() for part in inside.split(",")):  # 2·i + k: what is left of the axis
            terms = [term.rpartition("·")[::2] for term in place.split(" + ") if not term.isdigit()]
            unknown = [letter for _, letter in terms if letter not in sizes]
            if name in arrays and len(terms) > 1 and len(unknown) == 1:
                known = sum(int(factor or 1) * (sizes[letter] - 1) for factor, letter in terms if letter in sizes)
                sizes[unknown[0]] = arrays[name].shape[axis] - known
    return sizes


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_printed_line_has_the_value_that_it_claims(path: Path) -> None:
    formulas = derived(path)
    derivation = next(iter(formulas.values())).derivation
    read_back = 0
    for name in list(formulas)[:: 1 + len(formulas) // 5]:
        context = Context(derivation)
        lines = list(paths(context, context.gradients[name]))
        arrays = {node.name: np.squeeze(node.value) for node in context.graph.nodes() if node.name}
        for above, line in zip([None, *lines], lines, strict=False):
            left, _, right = line.text.partition(" = ")
            if line.kind == "forward" and "np." not in right and "..." not in right and "softmax" not in right:
                read_back += check(left, right, arrays, arrays)
            if line.kind == "local" and left.startswith("∂"):
                assert above is not None
        read_back += gradients_in(lines, context, arrays)
    assert read_back >= (0 if path.stem in ("bptt", "bptt_loop", "conv1d", "conv2d") else 3)


def check(
    left: str,
    right: str,
    arrays: dict[str, np.ndarray],
    values: dict[str, np.ndarray],
    given: dict[str, int] | None = None,
) -> int:
    name, _, inside = left.partition("[")
    letters = [part.strip() for part in inside.rstrip("]").split(",") if part.strip()]
    if len(letters) != values[name].ndim:
        return 0  # not written in indices
    sizes = sizes_of(left + " " + right, arrays, given or {})
    for place in (0, -1):
        index = tuple(size - 1 if place else 0 for size in values[name].shape)
        found = read(right, arrays, dict(zip(letters, index, strict=True)), sizes)
        assert found == pytest.approx(float(values[name][index]), rel=1e-9, abs=1e-12), f"{left} = {right}"
    return 1


def gradients_in(lines: list[Any], context: Context, arrays: dict[str, np.ndarray]) -> int:
    """The entries ∂J/∂U[i, j] = ...: each has the value of the matrix that the next line of that kind names."""
    count, left, given = 0, "", {}
    for position, line in enumerate(lines):
        if line.kind == "indices":
            pairs = re.findall(r"(\w) \((\w+)\)", line.text)
            given = {letter: int(size) if size.isdigit() else context.graph.dimensions[size] for letter, size in pairs}
        if line.kind != "entry" or "np." in line.text or "softmax" in line.text or "place" in line.text:
            continue
        start, _, right = line.text.partition(" = ")
        left = start.strip().removeprefix("∂J/∂").removeprefix("∂loss/∂") or left
        matrix = next(each for each in lines[position:] if each.kind == "matrix")
        name = matrix.text.partition(" = ")[0].removeprefix("part of ")
        if matrix.text.startswith("part of ") or name not in arrays:
            continue
        quantity = left.partition("[")[0]
        count += check(left, right, {**arrays}, {quantity: arrays[name]}, given)
    return count
