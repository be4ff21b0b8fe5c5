"""Inside the sandbox: shapes in symbols, and expressions as people read them.  Knows no errors and evaluates nothing.

The dimensions of a sample point all have different sizes, so a size names its axis: with {"V": 11, "Dh": 7} the shape
(7, 11) is (Dh, V) and 77 entries are Dh·V.
"""

import ast
import itertools
import math
import types

import numpy as np

MAX_TEXT = 100
MAX_LISTED = 4
NUMBERS = (bool, int, float, complex)
_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.Tuple, ast.List)


class Symbols:
    """The symbolic dimensions of one sample point."""

    def __init__(self, sizes):
        self.names = {1: "1", **{size: name for name, size in sizes.items()}}
        for factors in (2, 3):
            found = {}
            for chosen in itertools.combinations_with_replacement(sorted(sizes), factors):
                found.setdefault(math.prod(sizes[name] for name in chosen), []).append("·".join(chosen))
            for size, products in found.items():
                if len(products) == 1:  # 36 may be both d·V and Dh·Dh: then it stays a number
                    self.names.setdefault(size, products[0])

    def size(self, size):
        """`Dh`, `Dh·V`, or the number itself."""
        return self.names.get(size, str(size))

    def count(self, count):
        """`Dh·V = 77`, or the number itself."""
        name = self.size(count)
        return name if name == str(count) else f"{name} = {count}"

    def shape(self, shape):
        """`(1, Dh)`."""
        return f"({', '.join(map(self.size, shape))}{',' if len(shape) == 1 else ''})"

    def value(self, value):
        """What a value is, in a few words: its shape if it is an array."""
        if isinstance(value, np.ndarray) and (shape := np.ndarray.shape.__get__(value)):
            return self.shape(shape) + ("" if type(value) is np.ndarray else f" of type {_kind(value)}")
        if isinstance(value, (np.generic, np.ndarray)) or type(value) in NUMBERS:
            return "a single number"
        if value is None:
            return "None"
        if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, np.ufunc)):
            return "a function"
        kind = _kind(value)
        if type(value) not in (list, tuple):
            return f"of type {kind}"
        if 0 < len(value) <= MAX_LISTED and all(type(part) is np.ndarray for part in value):
            return f"a {kind} of {' and '.join(self.shape(part.shape) for part in value)}"
        return f"a {kind} of {len(value)}"


def _kind(value):
    """The name of its type, whatever a class of the student's says it is."""
    return type.__dict__["__name__"].__get__(type(value))


def text(node, limit=MAX_TEXT):
    """The source of an expression on one line, cut in the middle where it is long."""
    words = " ".join(ast.unparse(node).split())
    return words if len(words) <= limit else f"{words[: limit // 2]} … {words[-limit // 3 :]}"


def operand(node):
    """The source of an expression, in parentheses where an operator beside it would tear it apart."""
    return text(node) if isinstance(node, _ATOMS) else f"({text(node)})"
