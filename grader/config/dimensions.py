"""The sizes of dimensions: whole numbers, lists of them, and formulas of others such as `W - K + 1`.  Evaluates no code."""

import ast
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Annotated, Any

from msgspec import Meta

MIN_SIZE, MAX_SIZE = 2, 1000
Size = Annotated[int, Meta(ge=MIN_SIZE, le=MAX_SIZE)]
Sizes = Annotated[list[Size], Meta(min_length=1)]
Formula = Annotated[str, Meta(min_length=1, max_length=200)]
Dimension = Size | Sizes | Formula

_OPERATIONS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: int.__add__,
    ast.Sub: int.__sub__,
    ast.Mult: int.__mul__,
    ast.FloorDiv: int.__floordiv__,
}
_LARGEST = 10**9


class FormulaError(ValueError):
    """A formula cannot be read or evaluated; the message says why."""


_KNOWN = (ast.BinOp, ast.UnaryOp, ast.USub, ast.Name, ast.Load, *_OPERATIONS)


@lru_cache(maxsize=1024)
def _parsed(formula: str) -> ast.expr:
    try:
        parsed = ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(f"expected a formula such as W - K + 1, found {formula!r}") from None
    for node in ast.walk(parsed):
        number = isinstance(node, ast.Constant) and type(node.value) is int
        if not (number or isinstance(node, _KNOWN)):
            raise FormulaError(f"expected whole numbers and names with +, -, * and //, found {formula!r}")
    return parsed


def evaluate(formula: str, sizes: Mapping[str, int]) -> int:
    """The value of a formula of whole numbers and names with +, -, * and //.

    Raises:
        FormulaError: it has anything else, a name that is not in `sizes`, or no usable value.
    """

    def value(node: ast.expr) -> int:
        match node:
            case ast.Constant(value=int() as result):
                pass
            case ast.Name(id=name):
                if name not in sizes:
                    raise FormulaError(f"{name} is no dimension")
                result = sizes[name]
            case ast.UnaryOp(operand=operand):
                result = -value(operand)
            case ast.BinOp(left=left, op=op, right=right):
                try:
                    result = _OPERATIONS[type(op)](value(left), value(right))
                except ZeroDivisionError:
                    raise FormulaError(f"{formula} divides by zero") from None
            case _:
                raise AssertionError(f"{formula} was parsed")
        if abs(result) > _LARGEST:
            raise FormulaError(f"{formula} is too large")
        return result

    return value(_parsed(formula))


def names_in(formula: str) -> list[str]:
    """The names in a formula, each once."""
    return list(dict.fromkeys(node.id for node in ast.walk(_parsed(formula)) if isinstance(node, ast.Name)))


def resolved(dimensions: Mapping[str, Any], k: int, constants: Mapping[str, int]) -> dict[str, int]:
    """The size of each dimension at sample point `k`, in the order of `dimensions`.

    Raises:
        FormulaError: a formula has no value, or formulas need one another in a circle.
    """
    sizes = {
        name: given[k % len(given)] if isinstance(given, list) else given
        for name, given in dimensions.items()
        if not isinstance(given, str)
    }

    def add(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise FormulaError(f"{' needs '.join([*above, name])}: sizes cannot need themselves")
        for other in names_in(dimensions[name]):
            if other in dimensions and other not in sizes:
                add(other, (*above, name))
        sizes[name] = evaluate(dimensions[name], {**constants, **sizes})

    for name, given in dimensions.items():
        if isinstance(given, str) and name not in sizes:
            add(name, ())
    return {name: sizes[name] for name in dimensions}


def count_of(dimensions: Mapping[str, Any]) -> int:
    """After how many sample points the sizes repeat."""
    return max((len(given) for given in dimensions.values() if isinstance(given, list)), default=1)


def length(axis: str | int, sizes: Mapping[str, int]) -> int:
    """The size of one axis of a symbolic shape: a number, a dimension or a formula."""
    if isinstance(axis, int):
        return axis
    return sizes[axis] if axis in sizes else evaluate(axis, sizes)


def sized(shape: tuple[str | int, ...], sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The sizes of a symbolic shape: `(1, "4 * H")` may be (1, 28)."""
    return tuple(length(axis, sizes) for axis in shape)


def tidy(axis: str | int) -> str | int:
    """A formula as it is shown, however it was written: `4*H` as `4 * H`."""
    if isinstance(axis, int) or re.fullmatch(r"\w+", axis):
        return axis
    try:
        return ast.unparse(_parsed(axis))
    except FormulaError:
        return axis
