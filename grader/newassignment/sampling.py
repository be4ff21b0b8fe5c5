"""How each input is drawn, as its docstring says: the entries of `quantities:` that are not computed."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from grader.derivation.docstrings import Described
from grader.newassignment.described_model import Ask, ModelFile, dimensions_in

_PRODUCTS = ("dot", "matmul", "einsum", "tensordot")
_OF_TWO = {"mask": "bernoulli", "sign": "sign"}
_MATRIX = 2  # axes
_RANGES = {"probability": (0.1, 0.9), "positive": (0.5, 2.0)}


@dataclass(frozen=True)
class Drawn:
    """An input.

    Attributes:
        shape: its dimensions as written, some of them formulas such as `W - K + 1`.
        entry: its entry in the config, without the shape.
    """

    shape: tuple[str, ...]
    kind: str
    entry: dict[str, Any]

    def halved(self) -> "Drawn":
        """The same, but half as large if it is a matrix, or has more axes, of normal numbers."""
        if self.entry["sample"] != "normal" or sum(part != "1" for part in self.shape) < _MATRIX:
            return self
        return replace(self, entry={**self.entry, "scale": self.entry.get("scale", 1.0) / 2})

    def entry_with(self, shape: list[str | int]) -> dict[str, Any]:
        """The whole entry; `shape` has names and numbers only."""
        if self.kind == "index":
            return {**self.entry, "shape": shape} if shape else self.entry
        return {"sample": self.entry["sample"], "shape": shape, **self.entry}


def drawn_quantities(read: ModelFile, ask: Ask) -> dict[str, Drawn]:
    """All inputs of a model.

    Raises:
        ConfigError: one of them cannot be drawn; the message says what to write instead.
    """
    dimensions = dimensions_in(part for each in read.inputs.values() for part in each.shape)
    found = {name: _drawn(read, name, each, dimensions, ask) for name, each in read.inputs.items()}
    one_hot = {_counted(each): name for name, each in found.items() if each.kind == "one_hot"}
    for each in found.values():
        if each.kind == "index" and not each.shape and each.entry["of"] in one_hot:
            each.entry["differs_from"] = one_hot[each.entry["of"]]
    return found


def _counted(one_hot: Drawn) -> str:
    """The dimension that a one-hot quantity chooses from: of a column the first, otherwise the last."""
    return next((part for part in reversed(one_hot.shape) if part != "1"), "1")


def _drawn(read: ModelFile, name: str, each: Described, dimensions: list[str], ask: Ask) -> Drawn:
    if each.kind == "index":
        return _index(read, name, each, dimensions, ask)
    if each.kind == "one_hot":
        return Drawn(each.shape, each.kind, {"sample": "one_hot"})
    if each.kind in _OF_TWO:
        return Drawn(each.shape, each.kind, {"sample": _OF_TWO[each.kind]})
    if each.kind in _RANGES:
        low, high = _RANGES[each.kind]
        return Drawn(each.shape, each.kind, {"sample": "uniform", "low": low, "high": high})
    is_matrix = sum(part != "1" for part in each.shape) >= _MATRIX
    small = is_matrix and name in _multiplied(read.source)
    return Drawn(each.shape, each.kind, {"sample": "normal"} | ({"scale": 0.5} if small else {}))


def _multiplied(source: str) -> set[str]:
    """The names in matrix products, whose sums of many terms should stay of order one."""
    products = [
        node
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _PRODUCTS)
    ]
    return {node.id for product in products for node in ast.walk(product) if isinstance(node, ast.Name)}


def _index(read: ModelFile, name: str, each: Described, dimensions: list[str], ask: Ask) -> Drawn:
    if each.of in dimensions:
        return Drawn(each.shape, "index", {"sample": "index", "of": each.of})
    if not dimensions:
        raise read.wrong(name, f"{name} is an index, but no array has a dimension that it could count")
    counted = _indexed_dimension(read, name)
    if not counted and _in_arithmetic(read, name):  # labels such as `1 if cat`
        return Drawn(each.shape, "mask", {"sample": _OF_TWO["mask"]})
    known = counted if counted in dimensions else ask(f"{name} is an index below", dimensions[0], dimensions)
    return Drawn(each.shape, "index", {"sample": "index", "of": known})


def _in_arithmetic(read: ModelFile, name: str) -> bool:
    """Whether the code calculates with a quantity, and takes no entry of anything by it."""
    nodes = list(ast.walk(ast.parse(read.source)))
    indices = [each.slice for each in nodes if isinstance(each, ast.Subscript)]
    loops = [each.iter for each in nodes if isinstance(each, ast.For | ast.comprehension)]
    looked_up = {each.id for place in (*indices, *loops) for each in ast.walk(place) if isinstance(each, ast.Name)}
    sides = [side for each in nodes if isinstance(each, ast.BinOp) for side in (each.left, each.right)]
    return name not in looked_up and any(isinstance(side, ast.Name) and side.id == name for side in sides)


def _indexed_dimension(read: ModelFile, name: str) -> str:
    """The dimension along which the code uses an index: V for `L[x]`, where L is (V, d); "" if it is not plain."""
    shapes: Mapping[str, tuple[str, ...]] = {other: each.shape for other, each in read.inputs.items()}
    for node in ast.walk(ast.parse(read.source)):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in shapes:
            entries = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            where = [name in {each.id for each in ast.walk(entry) if isinstance(each, ast.Name)} for entry in entries]
            from_end = any(isinstance(entry, ast.Constant) and entry.value is ... for entry in entries)
            if any(where):
                axis = where.index(True) - (len(where) if from_end else 0)
                return shapes[node.value.id][axis]
    return ""
