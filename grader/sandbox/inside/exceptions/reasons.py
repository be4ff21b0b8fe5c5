"""Inside the sandbox: why an operation on arrays of these shapes is not possible.  Two lines each: what it is, and why.

Reports which axes must match; never which order or transpose would be right.
"""

import ast

import numpy as np

from grader.sandbox.inside.exceptions.symbols import operand, text
from grader.sandbox.shared import sentences

_OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**", ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip
_POSITIONS = {1: "last", 2: "second to last", 3: "third to last"}


def operation(node, evaluate, symbols):
    """`left op right`, or `left op= right`."""
    in_place = isinstance(node, ast.AugAssign)
    nodes = (node.target, node.value) if in_place else (node.left, node.right)
    (known, left), (known_right, right) = map(evaluate.get, nodes)
    if not (known and known_right):
        return []
    operator = _OPERATORS.get(type(node.op), "?")
    names = described(nodes[0], left, symbols), operator + "=" * in_place, described(nodes[1], right, symbols)
    why = not_a_number(nodes[0], left) or not_a_number(nodes[1], right)
    if operator == "@" or (operator == "*" and any(isinstance(value, np.matrix) for value in (left, right))):
        why = why or summed(operator, left, right, symbols)
    if in_place and is_array(left) and np.asarray(left).dtype.kind in "iub" and np.asarray(right).dtype.kind == "f":
        why = why or sentences.INTEGERS_IN_PLACE(text(node.target))
    why = why or broadcast(left, right, symbols)
    if in_place:
        why = why or sentences.SHAPE_IN_PLACE(symbols.value(left))
    return [sentences.OPERATION(*names[0], names[1], *names[2]), why]


def summed(product, left, right, symbols):
    """Why a sum over an axis of both is not possible, or ""."""
    if not is_array(left) or not is_array(right):
        return ""
    left, right = np.asarray(left), np.asarray(right)
    if not left.ndim or not right.ndim:
        return sentences.NO_AXIS_TO_SUM(product)
    first = right.ndim == 1 or product == "np.inner"
    a, b = left.shape[-1], right.shape[-1] if first else right.shape[-2]
    if a == b:
        return ""
    of_left = "only" if left.ndim == 1 else "last"
    of_right = "only" if right.ndim == 1 else "last" if first else "first" if right.ndim == 2 else "second to last"
    return sentences.SUMMED_AXES(product, of_left, symbols.size(a), of_right, symbols.size(b))


def broadcast(left, right, symbols):
    """Why two arrays cannot be combined element by element, or ""."""
    if not is_array(left) or not is_array(right):
        return ""
    pairs = zip(reversed(np.shape(left)), reversed(np.shape(right)))
    for axis, (a, b) in enumerate(pairs, 1):
        if a != b and 1 not in (a, b):
            position = _POSITIONS.get(axis, f"{axis}th to last")
            return sentences.BROADCAST_AXES(position, symbols.size(a), symbols.size(b))
    return ""


def not_a_number(node, value):
    """What is wrong with an operand that is no array and no number, or ""."""
    if value is None:
        return sentences.NO_RESULT(text(node))
    if callable(value) and isinstance(node, ast.Name):
        return sentences.NOT_CALLED(node.id)
    if type(value).__name__ == "Point":
        return sentences.ALL_QUANTITIES(text(node))
    return ""


def assignment(target, value_node, evaluate, symbols):
    """`target[index] = value`."""
    read = ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
    (known, place), (known_value, value) = evaluate.get(read), evaluate.get(value_node)
    if not known:
        return subscript(target, evaluate, symbols)
    if not known_value:
        return []
    what = sentences.ASSIGNED(text(target), symbols.value(place), text(value_node), symbols.value(value))
    if np.ndim(place) == 0 and np.ndim(value):
        return [what, sentences.ONE_ENTRY(symbols.shape(np.shape(value)))]
    return [what, broadcast(place, value, symbols) or sentences.MUST_FIT()]


def subscript(node, evaluate, symbols):
    """`value[index]`."""
    known, value = evaluate.get(node.value)
    if not known:
        return []
    name = text(node.value)
    if type(value).__name__ == "Point":
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        named = isinstance(key, str) and key.isidentifier()
        return [sentences.NOT_INDEXED(name, key) if named else sentences.ALL_QUANTITIES(name)]
    if isinstance(value, np.ndarray):
        indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        what = sentences.INDEXED(name, symbols.shape(value.shape), ", ".join(map(text, indices)))
        return [what, *_bad_index(name, value, indices, evaluate, symbols)]
    if type(value) is dict:
        return []  # the exception names the key
    return [sentences.IS(name, symbols.value(value)), _picked(node, value, evaluate)]


def _bad_index(name, value, indices, evaluate, symbols):
    if len(indices) > value.ndim:
        return [sentences.TOO_MANY_INDICES(name, axes(value.ndim), str(len(indices)))]
    for axis, (index, size) in enumerate(zip(indices, value.shape)):
        known, at = evaluate.get(index)
        if known and isinstance(at, (int, np.integer)) and not -size <= at < size:
            within = "its only index is 0" if size == 1 else f"its indices go from 0 to {size - 1}"
            why = sentences.OUT_OF_BOUNDS(str(int(at)), str(axis), name, symbols.size(size), within)
            row = value.ndim == 2 and size == 1 and axis == 0
            return [why, sentences.ROW_ENTRIES(name)] if row else [why]
        if known and isinstance(at, (float, np.floating)):
            return [sentences.INTEGER_INDEX(f"{at:g}")]
    return [sentences.INDEX_KINDS()]


def _picked(node, value, evaluate):
    """Why there is no such entry in what is no array."""
    if type(value) not in (list, tuple, str):
        return not_a_number(node.value, value) or sentences.NO_ENTRIES()
    if type(evaluate.get(node.slice)[1]) is not int:
        return sentences.ONE_INDEX()
    if len(value) < 2:
        return sentences.ONLY_INDEX() if value else sentences.EMPTY()
    return sentences.INDICES(str(len(value) - 1))


def axes(count):
    return {0: "no axes", 1: "one axis"}.get(count, f"{count} axes")


def described(node, value, symbols):
    """An operand and what it is, as in `(s.b1 + s.z)` and `(1, Dh)`."""
    return operand(node), symbols.value(value)


def is_array(value):
    return isinstance(value, (np.ndarray, np.generic, int, float, complex))
