"""Inside the sandbox: why a call of a numpy function, a method or a function of the student's was not possible."""

import ast
import re
import types

import numpy as np

from grader.sandbox.inside.exceptions.reasons import broadcast, described, no_number, summed
from grader.sandbox.inside.exceptions.symbols import text


def call(node, evaluate, letters, error):
    """`function(arguments)`."""
    known, function = evaluate.get(node.func)
    if not known:
        return []
    name = text(node.func)
    if isinstance(function, np.ndarray):
        return [
            f"{name} is {letters.shape(function.shape)}, an array",
            "an array cannot be called: a product is written with an operator",
        ]
    arguments = [(argument, *evaluate.get(argument)) for argument in node.args]
    method = isinstance(node.func, ast.Attribute) and isinstance(getattr(function, "__self__", None), np.ndarray)
    if method:
        arguments.insert(0, (node.func.value, True, function.__self__))
    if not all(known for _, known, _ in arguments):
        return []
    short = getattr(function, "__name__", "")
    values = [value for _, _, value in arguments]
    told = [(argument, value) for argument, _, value in arguments if not _literal(argument)]
    listed = ", ".join(described(argument, value, letters) for argument, value in told)
    what = f"{text(node)}: {listed}" if listed else text(node)
    if isinstance(function, types.FunctionType) and type(error) is TypeError and "argument" in str(error):
        code = function.__code__
        return [what, f"{name} is defined as {name}({', '.join(code.co_varnames[: code.co_argcount])})"]
    keywords = {keyword.arg: evaluate.get(keyword.value)[1] for keyword in node.keywords}
    why = _why_not(short, name, arguments, values, keywords, letters, error)
    if not why and not any(isinstance(value, np.ndarray) for value in values):
        return []  # it is no matter of arrays: the exception's own words say it
    return [what, why or "it does not take arrays of these shapes together"]


def _why_not(function, name, arguments, values, keywords, letters, error):
    """The first reason that fits, "" where none does."""
    reasons = [
        _missing_axis(error),
        *(no_number(argument, value) for argument, _, value in arguments),
        _SPECIAL.get(function, lambda *_: "")(function, values, keywords, letters),
        "this needs a square matrix: as many rows as columns, counting the same thing" * _needs_square(error),
        f"{name} takes one number, and this is an array: numpy's functions work entry by entry" * _scalar_wanted(error),
        broadcast(*values, letters) if len(values) == 2 else "",
    ]
    return next(filter(None, reasons), "")


def _summing(function, values, keywords, letters):
    return summed(f"np.{function}", values[0], values[1], letters) if len(values) >= 2 else ""


def _transposed(function, values, keywords, letters):
    return f"transposing {letters.shape(np.shape(values[0]))} takes each of its {np.ndim(values[0])} axes exactly once"


def _squeezed(function, values, keywords, letters):
    return f"squeeze takes away axes of size 1, and {letters.value(values[0])} has another size there"


def _rearranged(function, values, keywords, letters):
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


def _joined(function, values, keywords, letters):
    parts = values if function == "append" else values[0]
    if not isinstance(parts, (list, tuple)):
        return f"{function} takes a list of arrays: [a, b]"
    shapes = [np.shape(part) for part in parts]
    listed = ", ".join(map(letters.shape, shapes))
    if function == "stack":
        return f"stack needs arrays of one and the same shape, these are {listed}"
    if len({len(shape) for shape in shapes}) > 1:
        return f"the arrays must have as many axes as each other, these are {listed}"
    axis = {"vstack": 0, "hstack": 1, "column_stack": 1}.get(
        function, keywords.get("axis", values[1] if len(values) == 2 and function != "append" else 0)
    )
    return f"joined along axis {axis}, they must agree in every other axis; they are {listed}"


def _einsum(function, values, keywords, letters):
    if not values or not isinstance(values[0], str) or "." in values[0]:
        return ""
    inputs, _, output = values[0].replace(" ", "").partition("->")
    names, operands = inputs.split(","), values[1:]
    if len(names) != len(operands):
        return f"`{values[0]}` describes {len(names)} arrays, {len(operands)} are given"
    meaning = {}
    for position, (indices, array) in enumerate(zip(names, operands)):
        if len(indices) != np.ndim(array):
            has = f"array {position + 1} is {letters.shape(np.shape(array))} and has {np.ndim(array)}"
            return f"`{indices}` names {len(indices)} {'index' if len(indices) == 1 else 'indices'}, {has}"
        for index, size in zip(indices, np.shape(array)):
            if meaning.setdefault(index, size) not in (size, 1) and size != 1:
                return f"the index {index} is {letters.size(meaning[index])} in one array and {letters.size(size)} in another"
    unknown = [index for index in output if index not in meaning]
    return f"the index {unknown[0]} of the result is in none of the arrays" if unknown else ""


def _missing_axis(error):
    found = re.search(r"axis (-?\d+) is out of bounds for array of dimension (\d+)", _message(error))
    if not found:
        return ""
    count = int(found[2])
    axes = (
        "no axis" if not count else "one axis, number 0" if count == 1 else f"{count} axes, numbered 0 to {count - 1}"
    )
    return f"the array has {axes}; there is no axis {found[1]}"


def _needs_square(error):
    return "must be square" in _message(error)


def _scalar_wanted(error):
    message = _message(error) if type(error) is TypeError else ""
    return "can be converted to Python scalars" in message or "can be converted to a scalar" in message


def _message(error):
    return str(error) if type(error).__module__.split(".")[0] in ("builtins", "numpy") else ""


def _literal(node):
    """Whether an argument is written out, so that nothing needs to be said about its value."""
    return not any(isinstance(part, ast.Name) for part in ast.walk(node))


_SPECIAL = {
    **dict.fromkeys(("matmul", "dot", "inner"), _summing),
    **dict.fromkeys(("concatenate", "vstack", "hstack", "stack", "column_stack", "append"), _joined),
    "reshape": _rearranged,
    "einsum": _einsum,
    "transpose": _transposed,
    "squeeze": _squeezed,
}
