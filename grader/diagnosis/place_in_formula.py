"""Where in a formula a quantity or a gradient is, in words."""

import re
from collections.abc import Sequence
from typing import Any

from grader.diagnosis.formulas.expression import Node, gradient_text, leaves


def place_in(formula: Node, name: str, *, turned: bool = False) -> str:
    """Where in a formula a quantity or gradient is, such as "as the left factor"; "" where it is not in one place.

    Args:
        turned: the student's result is transposed, so that left and right may have changed places.
    """
    parts = formula[1:]
    i = _only_one_with(name, parts)
    if i is None:
        return ""
    bare = parts[i][1] if parts[i][0] in ("T", "neg") else parts[i]
    if formula[0] == "mm" and not turned:
        return f"{'as' if _is(bare, name) else 'in'} the {'right' if i else 'left'} factor"
    if formula[0] == "mul" or (formula[0] == "mm" and turned):
        return "as one of the factors" if _is(bare, name) else "in one of the factors"
    if formula[0] == "add":  # in which order they are written is the student's choice
        return f"{'as' if _is(bare, name) else 'in'} one of the terms"
    return place_in(parts[i], name, turned=turned)


def stands_transposed(formula: Node, name: str) -> bool:
    """Whether a quantity or gradient is a factor of a matrix product and transposed there: x in x^T @ d."""
    i = _only_one_with(name, formula[1:])
    if i is None:
        return False
    part = formula[1 + i]
    return part[0] == "T" and _is(part[1], name) if formula[0] == "mm" else stands_transposed(part, name)


def transposed(factor: str) -> str:
    """The text of a factor, transposed."""
    if factor.endswith("^T"):
        return factor.removesuffix("^T")
    return f"{factor}^T" if re.fullmatch(r"[\w/]+", factor) else f"({factor})^T"


def _only_one_with(name: str, parts: Sequence[Any]) -> int | None:
    holding = [i for i, part in enumerate(parts) if isinstance(part, tuple) and _holds(part, name)]
    return holding[0] if len(holding) == 1 else None


def _holds(node: Node, name: str) -> bool:
    return any(_is(leaf, name) for leaf in leaves(node))


def _is(node: Node, name: str) -> bool:
    if node[0] == "g":
        return name in (node[1], gradient_text(node[1]))
    return node[0] in ("q", "d") and node[1] == name
