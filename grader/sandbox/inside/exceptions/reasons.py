"""Inside the sandbox: why an operation on arrays of these shapes is not possible.  Two lines each: what it is, and why.

Says which indices meet and must be of the same kind; never which order or transpose would be right.
"""

import ast

import numpy as np

from grader.sandbox.inside.exceptions.symbols import operand, text

_SYMBOLS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**", ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip
_ORDINALS = {1: "last", 2: "second to last", 3: "third to last"}


def binary(node, evaluate, letters):
    """`left op right`."""
    (known, left), (known_right, right) = evaluate.get(node.left), evaluate.get(node.right)
    if not (known and known_right):
        return []
    symbol = _SYMBOLS.get(type(node.op), "?")
    what = f"{described(node.left, left, letters)}  {symbol}  {described(node.right, right, letters)}"
    why = no_number(node.left, left) or no_number(node.right, right)
    if not why and symbol == "@":
        why = summed("@", left, right, letters)
    return [what, why or broadcast(left, right, letters)]


def in_place(node, evaluate, letters):
    """`target op= value`."""
    (known, left), (known_right, right) = evaluate.get(node.target), evaluate.get(node.value)
    if not (known and known_right):
        return []
    symbol = _SYMBOLS.get(type(node.op), "?")
    what = f"{described(node.target, left, letters)}  {symbol}=  {described(node.value, right, letters)}"
    why = no_number(node.value, right)
    if not why and symbol == "@":
        why = summed("@", left, right, letters)
    if not why and is_array(left) and np.asarray(left).dtype.kind in "iub" and np.asarray(right).dtype.kind == "f":
        why = f"{text(node.target)} holds whole numbers, and an array changed in place keeps its type: it cannot take fractions"
    why = why or broadcast(left, right, letters)
    return [
        what,
        why
        or f"what is changed in place keeps its shape {letters.value(left)}, and the result does not have that shape",
    ]


def summed(name, left, right, letters):
    """Why a sum over an index of both is not possible, or ""."""
    if not is_array(left) or not is_array(right):
        return ""
    left, right = np.asarray(left), np.asarray(right)
    if not left.ndim or not right.ndim:
        return f"{name} sums over an index, and a single number has none: for a number times an array there is *"
    first = right.ndim == 1 or name == "np.inner"
    a, b = left.shape[-1], right.shape[-1] if first else right.shape[-2]
    if a == b:
        return ""
    of_left = "only" if left.ndim == 1 else "last"
    of_right = "only" if right.ndim == 1 else "last" if first else "first" if right.ndim == 2 else "second to last"
    left_index = f"the {of_left} index of the left, {letters.size(a)}"
    right_index = f"the {of_right} index of the right, {letters.size(b)}"
    return f"{name} sums over {left_index}, and {right_index}: a sum needs both to be the same kind of index"


def broadcast(left, right, letters):
    """Why two arrays cannot be combined entry by entry, or ""."""
    if not is_array(left) or not is_array(right):
        return ""
    a, b = np.shape(left), np.shape(right)
    for axis in range(1, min(len(a), len(b)) + 1):
        if a[-axis] != b[-axis] and 1 not in (a[-axis], b[-axis]):
            return (
                "entry by entry, axes are compared from the right and must count the same thing, or have size 1: "
                f"the {_ORDINALS.get(axis, f'{axis}th to last')} ones are {letters.size(a[-axis])} and {letters.size(b[-axis])}"
            )
    return ""


def no_number(node, value):
    """What to say of an operand that is no array and no number, or ""."""
    if value is None:
        return f"{text(node)} is None: does the function that made it `return` its result?"
    if callable(value) and isinstance(node, ast.Name):
        return f"{node.id} is a function: its value at this step is {node.id}(s)"
    if type(value).__name__ == "Point":
        return f"{text(node)} is the whole step: name one of its quantities, as in {text(node)}.name"
    return ""


def assignment(target, value_node, evaluate, letters):
    """`target[index] = value`."""
    (known, place), (known_value, value) = evaluate.get(_load(target)), evaluate.get(value_node)
    if not known:
        return subscript(target, evaluate, letters)
    if not known_value:
        return []
    what = f"the place {text(target)} is {letters.value(place)}, the value {text(value_node)} is {letters.value(value)}"
    if np.ndim(place) == 0 and np.ndim(value):
        return [what, f"one entry holds one number, not {letters.shape(np.shape(value))}"]
    return [
        what,
        broadcast(place, value, letters)
        or "the value must fit into the place: the same axes in the same order, or size 1",
    ]


def subscript(node, evaluate, letters):
    """`value[index]`."""
    known, value = evaluate.get(node.value)
    if not known:
        return []
    name = text(node.value)
    if type(value).__name__ == "Point":
        key = node.slice.value if isinstance(node.slice, ast.Constant) else "name"
        return [f"{name} is the whole step, not a table", f"its quantities are attributes: {name}.{key}"]
    if not isinstance(value, np.ndarray):
        return _picked(node, evaluate, letters, name, value)
    index = ", ".join(map(text, node.slice.elts)) if isinstance(node.slice, ast.Tuple) else text(node.slice)
    what = f"{name} is {letters.shape(value.shape)}, the index is [{index}]"
    indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if len(indices) > value.ndim:
        axes = "one axis" if value.ndim == 1 else f"{value.ndim} axes"
        return [what, f"{name} has {axes}, the index names {len(indices)}"]
    for axis, index in enumerate(indices):
        known, at = evaluate.get(index)
        if known and isinstance(at, (int, np.integer)) and not -value.shape[axis] <= at < value.shape[axis]:
            return [what, _past_the_end(name, value, axis, int(at), letters)]
        if known and isinstance(at, (float, np.floating)):
            return [what, f"positions are whole numbers, and {text(index)} is {at:g}"]
    return [what, "a position must be a whole number, a slice, or an array of one of them, inside the axis"]


def _picked(node, evaluate, letters, name, value):
    """From something that is no array."""
    if type(value) is dict:
        return []  # its own words name the key
    what = f"{name} is {letters.value(value)}"
    if type(value) not in (list, tuple, str):
        return [what, no_number(node.value, value) or "it has no entries to pick from"]
    if type(evaluate.get(node.slice)[1]) is not int:
        return [what, "it takes one whole number or slice; an array takes an index for each axis"]
    if len(value) < 2:
        return [what, "its only position is 0" if value else "it is empty"]
    return [what, f"its positions are 0 to {len(value) - 1}"]


def _past_the_end(name, value, axis, at, letters):
    size = value.shape[axis]
    positions = "its only position is 0" if size == 1 else f"its positions are 0 to {size - 1}"
    why = f"axis {axis} of {name} has size {letters.size(size)}: {positions}, and {at} is outside"
    if value.ndim == 2 and size == 1 and axis == 0:
        why += f". A row has one row and {letters.size(value.shape[1])} columns: its entries are {name}[0, i]"
    return why


def described(node, value, letters):
    """`(s.b1 + s.z) is (1, Dh)`."""
    return f"{operand(node)} is {letters.value(value)}"


def is_array(value):
    return isinstance(value, (np.ndarray, np.generic, int, float, complex))


def _load(target):
    """The same place, to be read."""
    return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
