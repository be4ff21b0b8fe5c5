"""Inside the sandbox: the values of sub-expressions of a statement, evaluated once more in the frame in which it failed.

Only what has no effects is evaluated: names, attributes of plain objects, numpy's operators and functions, and, where
that is allowed, the student's own functions, which have just been called with the same arguments.  Everything else is
`Unknown`.
"""

import ast
import builtins
import math
import operator
import types

import numpy as np

from grader.sandbox.inside import standins

# As in operator.__add__.
_NAMES = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.MatMult: "matmul", ast.Pow: "pow",
    ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge",
    ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert", ast.Not: "not",
}  # fmt: skip
_BUILTINS = frozenset("len range float int complex abs sum min max round list tuple zip enumerate bool".split())
# Methods and functions that change their argument, or reach outside.
_EFFECTS = {
    "fill", "sort", "resize", "put", "partition", "itemset", "setfield", "setflags", "tofile", "dump", "byteswap",
    "fill_diagonal", "place", "copyto", "putmask", "save", "savez", "savetxt", "load", "loadtxt", "fromfile", "seterr",
}  # fmt: skip
_PLAIN = (bool, int, float, complex, str, type(None), slice, range, type(Ellipsis), np.ndarray, zip, enumerate)


class Unknown(Exception):
    """An expression that cannot be evaluated without running something that may have effects."""


def function_of(operation, in_place=""):
    """The function of an operator; with "i" for `in_place` the one that changes its first operand."""
    if type(operation) not in _NAMES:
        raise Unknown
    return getattr(operator, f"__{in_place}{_NAMES[type(operation)]}__")


def is_plain(value):
    """Whether no code of the student's runs when this value is used in an expression."""
    if type(value) in (list, tuple):
        return all(map(is_plain, value))
    return type(value) in _PLAIN or isinstance(value, np.generic)


class Evaluator:
    """The values of expressions in one frame, each computed at most once."""

    def __init__(self, frame, point_type, own_files):
        """Evaluate in `frame`.

        Args:
            point_type: the class of the sample point `s`.
            own_files: file names whose functions may be called once more; none where a call takes too long.
        """
        self._scopes = (frame.f_locals, frame.f_globals, vars(builtins))
        self._point_type = point_type
        self._own_files = own_files
        self._known = {}

    def __call__(self, node):
        """The value of an expression.

        Raises:
            Unknown: it is not evaluated.
            Exception: what the expression itself raises.
        """
        if node not in self._known:
            evaluate = getattr(self, f"_{type(node).__name__}", None)
            if evaluate is None:
                raise Unknown
            self._known[node] = evaluate(node)
        return self._known[node]

    def get(self, node):
        """(True, value), or (False, None) where there is none."""
        try:
            return True, self(node)
        except Exception:
            return False, None

    def _plain(self, node):
        value = self(node)
        if not is_plain(value):
            raise Unknown
        return value

    def _Constant(self, node):
        return node.value

    def _Name(self, node):
        for scope in self._scopes:
            if node.id in scope:
                return scope[node.id]
        raise Unknown

    def _Attribute(self, node):
        value = self(node.value)
        if isinstance(value, types.ModuleType) or type(value) is self._point_type:
            if node.attr not in vars(value):
                raise Unknown
            return vars(value)[node.attr]
        if type(value) is np.ndarray or isinstance(value, np.generic):
            return getattr(value, node.attr)
        raise Unknown

    def _BinOp(self, node):
        return function_of(node.op)(self._plain(node.left), self._plain(node.right))

    def _UnaryOp(self, node):
        return function_of(node.op)(self._plain(node.operand))

    def _Compare(self, node):
        if len(node.ops) != 1:
            raise Unknown
        return function_of(node.ops[0])(self._plain(node.left), self._plain(node.comparators[0]))

    def _BoolOp(self, node):
        wanted = isinstance(node.op, ast.Or)
        for part in node.values:
            value = self._plain(part)
            if bool(value) is wanted:
                break
        return value

    def _IfExp(self, node):
        return self(node.body if self._plain(node.test) else node.orelse)

    def _Tuple(self, node):
        return tuple(map(self, node.elts))

    def _List(self, node):
        return list(map(self, node.elts))

    def _Slice(self, node):
        return slice(*[None if part is None else self._plain(part) for part in (node.lower, node.upper, node.step)])

    def _Subscript(self, node):
        return self._plain(node.value)[self._plain(node.slice)]

    def _Call(self, node):
        function = self(node.func)
        starred = any(isinstance(argument, ast.Starred) for argument in node.args)
        if starred or any(keyword.arg in (None, "out") for keyword in node.keywords):
            raise Unknown
        own = isinstance(function, types.FunctionType) and function.__code__.co_filename in (
            *self._own_files,
            standins.FILE,
        )
        if not own and not _has_no_effects(function):
            raise Unknown
        evaluate = self if own else self._plain
        keywords = {keyword.arg: evaluate(keyword.value) for keyword in node.keywords}
        return function(*map(evaluate, node.args), **keywords)


def _has_no_effects(function):
    name = getattr(function, "__name__", "")
    if name in _EFFECTS:
        return False
    if isinstance(function, np.ufunc) or any(function is known for known in (np.float64, np.float32, np.int64)):
        return True
    if isinstance(function, types.BuiltinFunctionType):  # methods included
        owner = function.__self__
        if isinstance(owner, (np.ndarray, np.generic)) or owner is math:
            return True
        if owner is builtins:
            return name in _BUILTINS
    module = str(getattr(function, "__module__", ""))
    if isinstance(function, type):
        return module == "builtins" and name in _BUILTINS
    return module.split(".")[0] == "numpy" and module not in ("numpy.random", "numpy.testing")
