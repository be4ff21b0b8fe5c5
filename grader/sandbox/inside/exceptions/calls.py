"""Inside the sandbox: why a call of a numpy function, a method or a function of the student's was not possible."""

import ast
import difflib
import re
import types

import numpy as np

from grader.sandbox.inside.exceptions.reasons import axes, broadcast, described, not_a_number, summed
from grader.sandbox.inside.exceptions.symbols import text
from grader.sandbox.shared import sentences


def call(node, evaluate, symbols, error):
    """`function(arguments)`."""
    known, function = evaluate.get(node.func)
    if not known:
        return []
    name = text(node.func)
    if isinstance(function, np.ndarray):
        return [sentences.IS(name, symbols.shape(function.shape)), sentences.CALLED_ARRAY()]
    arguments = [(argument, *evaluate.get(argument)) for argument in node.args]
    if isinstance(node.func, ast.Attribute) and isinstance(getattr(function, "__self__", None), np.ndarray):
        arguments.insert(0, (node.func.value, True, function.__self__))
    if not all(known for _, known, _ in arguments):
        return []
    values = [value for _, _, value in arguments]
    listed = [described(argument, value, symbols) for argument, _, value in arguments if not _literal(argument)]
    listed = listed if len(listed) <= sentences.MAX_OPERANDS else []
    what = sentences.CALLS[len(listed)](text(node), *(part for pair in listed for part in pair))
    if isinstance(function, types.FunctionType) and type(error) is TypeError and "argument" in str(error):
        code = function.__code__
        return [what, sentences.SIGNATURE(name, ", ".join(code.co_varnames[: code.co_argcount]))]
    keywords = {keyword.arg: evaluate.get(keyword.value)[1] for keyword in node.keywords}
    why = _why_not(getattr(function, "__name__", ""), name, arguments, values, keywords, symbols, error)
    if why:
        return [what, why]
    if type(error) is not ValueError or not any(isinstance(value, np.ndarray) for value in values):
        return []  # it isn't about the shapes of arrays: the exception itself says enough
    return [what, sentences.SHAPES_TOGETHER()]


def _why_not(function, name, arguments, values, keywords, symbols, error):
    """The first reason that fits, "" where none does."""
    special = _SPECIAL.get(function)
    message = str(error) if type(error).__module__.split(".")[0] in ("builtins", "numpy") else ""
    reasons = [
        _no_argument(message, function),
        _missing_axis(message),
        *(not_a_number(argument, value) for argument, _, value in arguments),
        special(function, values, keywords, symbols) if special else "",
        sentences.SQUARE() if "must be square" in message else "",
        sentences.ONE_NUMBER(name) if type(error) is TypeError and re.search(_SCALAR_WANTED, message) else "",
        _float_size(values, keywords) if "cannot be interpreted as an integer" in message else "",
        broadcast(*values, symbols) if len(values) == 2 else "",
    ]
    return next(filter(None, reasons), "")


_NO_KEYWORD = re.compile(r"unexpected keyword argument '(\w+)'|'(\w+)' is an invalid keyword argument")


def _no_argument(message, function):
    """A keyword that the function doesn't have."""
    found = _NO_KEYWORD.search(message)
    if not found:
        return ""
    wrong = found[1] or found[2]
    near = difflib.get_close_matches(wrong, sentences.KEYWORDS, n=1) if function in _REDUCTIONS else []
    return sentences.NO_ARGUMENT_NEAR(wrong, near[0]) if near else sentences.NO_ARGUMENT(wrong)


_REDUCTIONS = ("sum", "mean", "max", "min", "amax", "amin", "prod", "std", "var", "any", "all")
_SCALAR_WANTED = r"can be converted to (Python scalars|a scalar)"


def _summing(function, values, keywords, symbols):
    return summed(f"np.{function}", values[0], values[1], symbols) if len(values) >= 2 else ""


def _reshaped(function, values, keywords, symbols):
    array = np.asarray(values[0])
    wanted = values[1] if len(values) == 2 else tuple(values[1:]) or keywords.get("shape", keywords.get("newshape"))
    wanted = (wanted,) if isinstance(wanted, int) else wanted
    if not isinstance(wanted, (tuple, list)) or not all(isinstance(size, (int, np.integer)) for size in wanted):
        return ""
    if list(wanted).count(-1) > 1:
        return sentences.ONE_OPEN_SIZE()
    has, needs = symbols.count(array.size), int(np.prod(wanted))
    if -1 in wanted:
        return sentences.RESHAPE_REST(symbols.shape(array.shape), has, symbols.count(abs(needs)))
    return sentences.RESHAPE(symbols.shape(array.shape), has, symbols.shape(tuple(wanted)), symbols.count(needs))


def _joined(function, values, keywords, symbols):
    parts = values if function == "append" else values[0]
    if not isinstance(parts, (list, tuple)):
        return sentences.LIST_OF_ARRAYS(function)
    shapes = [np.shape(part) for part in parts]
    listed = ", ".join(map(symbols.shape, shapes))
    if function == "stack":
        return sentences.STACK(listed)
    if len({len(shape) for shape in shapes}) > 1:
        return sentences.JOIN_AXES(listed)
    given = keywords.get("axis", values[1] if len(values) == 2 and function != "append" else 0)
    axis = {"vstack": 0, "hstack": 1, "column_stack": 1}.get(function, given)
    return sentences.JOIN(str(axis), listed) if isinstance(axis, int) else ""


def _einsum(function, values, keywords, symbols):
    if not values or not isinstance(values[0], str) or "." in values[0]:
        return ""
    inputs, _, output = values[0].replace(" ", "").partition("->")
    names, operands = inputs.split(","), values[1:]
    if len(names) != len(operands):
        return sentences.EINSUM_ARRAYS(values[0], str(len(names)), str(len(operands)))
    meaning = {}
    for number, (indices, array) in enumerate(zip(names, operands), 1):
        if len(indices) != np.ndim(array):
            return sentences.EINSUM_AXES(indices, str(number), symbols.shape(np.shape(array)))
        for index, size in zip(indices, np.shape(array)):
            if meaning.setdefault(index, size) not in (size, 1) and size != 1:
                return sentences.EINSUM_SIZES(index, symbols.size(meaning[index]), symbols.size(size))
    unknown = [index for index in output if index not in meaning]
    return sentences.EINSUM_RESULT(unknown[0]) if unknown else ""


def _missing_axis(message):
    found = re.search(r"axis (-?\d+) is out of bounds for array of dimension (\d+)", message)
    return sentences.NO_SUCH_AXIS(found[1], axes(int(found[2]))) if found else ""


def _float_size(values, keywords):
    """A float where a size is expected, by itself or in a shape."""
    given = [
        part for value in (*values, *keywords.values()) for part in (value if type(value) in (tuple, list) else [value])
    ]
    size = next((part for part in given if isinstance(part, float)), None)
    return "" if size is None else sentences.INTEGER_SIZE(f"{size:.1f}")


def _literal(node):
    """Whether an argument is written out, so that its value is plain to see."""
    return not any(isinstance(part, ast.Name) for part in ast.walk(node))


_SPECIAL = {
    **dict.fromkeys(("matmul", "dot", "inner"), _summing),
    **dict.fromkeys(("concatenate", "vstack", "hstack", "stack", "column_stack", "append"), _joined),
    "reshape": _reshaped,
    "einsum": _einsum,
    "transpose": lambda function, values, keywords, symbols: sentences.TRANSPOSE(
        symbols.shape(np.shape(values[0])), str(np.ndim(values[0]))
    ),
    "squeeze": lambda function, values, keywords, symbols: sentences.SQUEEZE(symbols.value(values[0])),
}
