"""Inside the sandbox: why an operation on arrays of these shapes is not possible.  Two lines each: what it is, and why.

Says which indices meet and must be of the same kind; never which order or transpose would be right.
"""

import ast
import re

import numpy as np

from grader.sandbox.letters import operand, text

_SYMBOLS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**", ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip
_ORDINALS = {1: "last", 2: "second to last", 3: "third to last"}
_SUMMING = ("matmul", "dot", "inner")
_JOINING = ("concatenate", "vstack", "hstack", "stack", "column_stack", "append")


def binary(node, evaluate, letters):
    """`left op right`."""
    (known, left), (known_right, right) = evaluate.get(node.left), evaluate.get(node.right)
    if not (known and known_right):
        return []
    symbol = _SYMBOLS.get(type(node.op), "?")
    what = f"{_is(node.left, left, letters)}  {symbol}  {_is(node.right, right, letters)}"
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
    what = f"{_is(node.target, left, letters)}  {symbol}=  {_is(node.value, right, letters)}"
    why = no_number(node.value, right)
    if not why and symbol == "@":
        why = summed("@", left, right, letters)
    if not why and _array(left) and np.asarray(left).dtype.kind in "iub" and np.asarray(right).dtype.kind == "f":
        why = f"{text(node.target)} holds whole numbers, and an array changed in place keeps its type: it cannot take fractions"
    why = why or broadcast(left, right, letters)
    return [what, why or f"what is changed in place keeps its shape {letters.value(left)}, and the result does not have that shape"]


def summed(name, left, right, letters):
    """Why a sum over an index of both is not possible, or ""."""
    if not _array(left) or not _array(right):
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
    return (
        f"{name} sums over the {of_left} index of the left, {letters.size(a)}, and the {of_right} index of the right, {letters.size(b)}: "
        "a sum needs both to be the same kind of index"
    )


def broadcast(left, right, letters):
    """Why two arrays cannot be combined entry by entry, or ""."""
    if not _array(left) or not _array(right):
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
    if type(value).__name__ == "Step":
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
    return [what, broadcast(place, value, letters) or "the value must fit into the place: the same axes in the same order, or size 1"]


def subscript(node, evaluate, letters):
    """`value[index]`."""
    known, value = evaluate.get(node.value)
    if not known:
        return []
    name = text(node.value)
    if type(value).__name__ == "Step":
        key = node.slice.value if isinstance(node.slice, ast.Constant) else "name"
        return [f"{name} is the whole step, not a table", f"its quantities are attributes: {name}.{key}"]
    if not isinstance(value, np.ndarray):
        return [f"{name} is {letters.value(value)}", no_number(node.value, value) or "it has no entries to pick from"]
    what = f"{name} is {letters.shape(value.shape)}, the index is [{text(node.slice)}]"
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


def _past_the_end(name, value, axis, at, letters):
    size = value.shape[axis]
    why = f"axis {axis} of {name} has size {letters.size(size)}, so its positions are 0 to {size - 1}; {at} is outside"
    if value.ndim == 2 and size == 1 and axis == 0:
        why += f". A row has one row and {letters.size(value.shape[1])} columns: its entries are {name}[0, i]"
    return why


def call(node, evaluate, letters, error):
    """`function(arguments)`."""
    known, function = evaluate.get(node.func)
    if not known:
        return []
    name = text(node.func)
    if isinstance(function, np.ndarray):
        return [f"{name} is {letters.shape(function.shape)}, an array", "an array cannot be called: a product is written with an operator"]
    arguments = [(argument, *evaluate.get(argument)) for argument in node.args]
    method = isinstance(node.func, ast.Attribute) and isinstance(getattr(function, "__self__", None), np.ndarray)
    if method:
        arguments.insert(0, (node.func.value, True, function.__self__))
    if not all(known for _, known, _ in arguments):
        return []
    short = getattr(function, "__name__", "")
    values = [value for _, _, value in arguments]
    listed = ", ".join(_is(argument, value, letters) for argument, _, value in arguments)
    what = f"{name}: {listed}" if listed else f"{name}() was given nothing"
    keywords = {keyword.arg: evaluate.get(keyword.value)[1] for keyword in node.keywords}
    return [what, _why_not(short, name, arguments, values, keywords, letters, error)]


def _why_not(short, name, arguments, values, keywords, letters, error):
    axis = _missing_axis(values, error)
    if axis:
        return axis
    why = next(filter(None, (no_number(argument, value) for argument, _, value in arguments)), "")
    if not why and short in _SUMMING and len(values) >= 2:
        why = summed(f"np.{short}", values[0], values[1], letters)
    if not why and short == "reshape":
        why = _rearranged(values, keywords, letters)
    if not why and short in _JOINING:
        why = _joined(short, values, keywords, letters)
    if not why and short == "einsum":
        why = _einsum(values, letters)
    if not why and short == "transpose" and np.ndim(values[0]):
        why = f"transposing {letters.shape(np.shape(values[0]))} takes each of its {np.ndim(values[0])} axes exactly once"
    if not why and short == "squeeze":
        why = f"squeeze takes away axes of size 1, and {letters.value(values[0])} has another size there"
    if not why and _needs_square(error):
        why = "this needs a square matrix: as many rows as columns, counting the same thing"
    if not why and type(error) is TypeError and _scalar_wanted(error):
        why = f"{name} takes one number, and this is an array: numpy's functions work entry by entry"
    if not why and type(error) is TypeError and "argument" in str(error):
        why = "it takes another number of arguments" + ("; a gradient takes the step: " + f"{name}(s)" if name.startswith("d") else "")
    if not why and len(values) == 2:
        why = broadcast(values[0], values[1], letters)
    return why or "it does not take arrays of these shapes together"


def _rearranged(values, keywords, letters):
    array = np.asarray(values[0])
    wanted = values[1] if len(values) == 2 else tuple(values[1:]) or keywords.get("shape", keywords.get("newshape"))
    wanted = (wanted,) if isinstance(wanted, int) else wanted
    if not isinstance(wanted, (tuple, list)) or not all(isinstance(size, (int, np.integer)) for size in wanted):
        return ""
    have = f"{letters.shape(array.shape)} has {_count(array.size, letters)} entries"
    if list(wanted).count(-1) > 1:
        return "only one size may be left open with -1"
    if -1 in wanted:
        rest = abs(int(np.prod(wanted)))
        return f"reshape keeps all entries: {have}, and these cannot be shared out over {_count(rest, letters)}"
    return f"reshape keeps all entries: {have}, {letters.shape(tuple(wanted))} would have {_count(int(np.prod(wanted)), letters)}"


def _count(count, letters):
    name = letters.size(count)
    return str(count) if name == str(count) else f"{name} = {count}"


def _joined(short, values, keywords, letters):
    parts = values if short == "append" else values[0]
    if not isinstance(parts, (list, tuple)):
        return f"{short} takes a list of arrays: [a, b]"
    shapes = [np.shape(part) for part in parts]
    listed = ", ".join(map(letters.shape, shapes))
    if short == "stack":
        return f"stack needs arrays of one and the same shape, these are {listed}"
    if len({len(shape) for shape in shapes}) > 1:
        return f"the arrays must have as many axes as each other, these are {listed}"
    axis = {"vstack": 0, "hstack": 1, "column_stack": 1}.get(short, keywords.get("axis", values[1] if len(values) == 2 and short != "append" else 0))
    return f"joined along axis {axis}, they must agree in every other axis; they are {listed}"


def _einsum(values, letters):
    if not values or not isinstance(values[0], str) or "." in values[0]:
        return ""
    inputs, _, output = values[0].replace(" ", "").partition("->")
    names, operands = inputs.split(","), values[1:]
    if len(names) != len(operands):
        return f"`{values[0]}` describes {len(names)} arrays, {len(operands)} are given"
    meaning = {}
    for position, (indices, array) in enumerate(zip(names, operands)):
        if len(indices) != np.ndim(array):
            return f"`{indices}` names {len(indices)} indices, array {position + 1} has {np.ndim(array)}: {letters.shape(np.shape(array))}"
        for index, size in zip(indices, np.shape(array)):
            if meaning.setdefault(index, size) not in (size, 1) and size != 1:
                return f"the index {index} is {letters.size(meaning[index])} in one array and {letters.size(size)} in another"
    unknown = [index for index in output if index not in meaning]
    return f"the index {unknown[0]} of the result is in none of the arrays" if unknown else ""


def _missing_axis(values, error):
    found = re.search(r"axis (-?\d+) is out of bounds for array of dimension (\d+)", _message(error))
    if not found:
        return ""
    count = int(found[2])
    axes = "no axis" if not count else "one axis, number 0" if count == 1 else f"{count} axes, numbered 0 to {count - 1}"
    return f"the array has {axes}; there is no axis {found[1]}"


def _needs_square(error):
    return "must be square" in _message(error)


def _scalar_wanted(error):
    message = _message(error)
    return "can be converted to Python scalars" in message or "can be converted to a scalar" in message


def _message(error):
    return str(error.args[0]) if type(error).__module__ in ("builtins", "numpy.exceptions", "numpy", "numpy.linalg") and error.args else ""


def _is(node, value, letters):
    return f"{operand(node)} is {letters.value(value)}"


def _array(value):
    return isinstance(value, (np.ndarray, np.generic, int, float, complex))


def _load(target):
    """The same place, to be read."""
    return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
