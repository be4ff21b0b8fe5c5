"""From the source of the solution and the model to expressions.  What cannot be read is None: the engine takes it as one piece.

A readable function has assignments to names and one `return`, and uses the operations listed here.
"""

import ast
from collections.abc import Callable, Iterable, Mapping

from grader.diagnosis.formulas.expression import Node, add, mul, neg, number, q, transposed

_OPERATORS: dict[type[ast.operator], Callable[[Node, Node], Node]] = {
    ast.Add: add,
    ast.Sub: lambda a, b: add(a, neg(b)),
    ast.Mult: mul,
    ast.Div: lambda a, b: ("div", a, b),
    ast.MatMult: lambda a, b: ("mm", a, b),
}
_TWO = {"dot": "mm", "matmul": "mm", "outer": "outer", "divide": "div"}
_ONE = {"exp", "log", "tanh"}
_REDUCED = ("sum", "mean")  # along one axis, which stays: a batch has these


class Unreadable(Exception):
    """The source holds something that has no expression."""


def read_functions(source: bytes) -> dict[str, ast.FunctionDef]:
    """The functions of a file, by name."""
    tree = ast.parse(source)
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def read_gradient(function: ast.FunctionDef, gradients: Iterable[str], helpers: Iterable[str]) -> Node | None:
    """The formula of one gradient of the solution: calls of other gradients stay as they are."""
    parameters = [argument.arg for argument in function.args.args]
    reader = _Reader({}, parameters[0] if parameters else "", set(gradients), set(helpers))
    return _body(reader, function)


def read_quantity(function: ast.FunctionDef, helpers: Iterable[str]) -> Node | None:
    """The formula of one quantity of the model, in terms of its parameters."""
    names: dict[str, Node] = {argument.arg: q(argument.arg) for argument in function.args.args}
    return _body(_Reader(names, "", set(), set(helpers)), function)


def _body(reader: "_Reader", function: ast.FunctionDef) -> Node | None:
    try:
        for statement in function.body:
            match statement:
                case ast.Return(value=ast.expr() as value):
                    return reader.read(value)
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    reader.names[name] = reader.read(value)
                case ast.Expr(value=ast.Constant()):
                    pass  # the docstring
                case _:
                    return None
    except Unreadable:
        pass
    return None


class _Reader:
    def __init__(self, names: Mapping[str, Node], point: str, gradients: set[str], helpers: set[str]) -> None:
        self.names = dict(names)
        self.point = point
        self.gradients = gradients
        self.helpers = helpers

    def read(self, node: ast.expr) -> Node:
        match node:
            case ast.Constant(value=int() | float() as value):
                return number(value)
            case ast.Name(id=name) if name in self.names:
                return self.names[name]
            case ast.Attribute(value=ast.Name(id=name), attr=quantity) if name == self.point:
                return q(quantity)
            case ast.Attribute(value=inner, attr="T"):
                return transposed(self.read(inner))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return neg(self.read(operand))
            case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=int() | float() as power)):
                return ("pow", self.read(left), power)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](self.read(left), self.read(right))
            case ast.Call() | ast.Subscript():
                return self._called(node)
            case _:
                raise Unreadable

    def _called(self, node: ast.Call | ast.Subscript) -> Node:
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=point)]) if (
                name in self.gradients and point == self.point
            ):
                return ("g", name)
            case ast.Call(func=ast.Name(id=name), args=[argument]) if name in self.helpers:
                return ("fn", name, self.read(argument))
            case ast.Call(func=ast.Attribute(attr=name)) if name in _REDUCED:
                return self._reduced(name, node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name), args=arguments, keywords=[]):
                return self._numpy(name, [self.read(argument) for argument in arguments])
            case ast.Call(func=ast.Name(id="len"), args=[argument]):
                return ("size", self.read(argument), 0)
            case ast.Subscript(value=ast.Attribute(value=inner, attr="shape"), slice=ast.Constant(value=int() as axis)):
                return ("size", self.read(inner), axis)
            case ast.Subscript(value=inner, slice=ast.Tuple(elts=elements)):
                return self._row(inner, elements)
            case ast.Subscript(value=inner, slice=ast.List(elts=[index])):
                return ("row", self.read(inner), self.read(index))
            case _:
                raise Unreadable

    def _reduced(self, name: str, call: ast.Call) -> Node:
        """`np.sum(a, axis=0, keepdims=True)` or `a.sum(axis=0, keepdims=True)`."""
        function = call.func
        assert isinstance(function, ast.Attribute)
        operands = call.args if ast.unparse(function.value) == "np" else [function.value, *call.args]
        given = {str(keyword.arg): ast.unparse(keyword.value) for keyword in call.keywords}
        if len(operands) == 1 and given in [{"axis": axis, "keepdims": "True"} for axis in ("0", "1")]:
            return (name, self.read(operands[0]), int(given["axis"]))
        raise Unreadable

    def _numpy(self, name: str, arguments: list[Node]) -> Node:
        match arguments:
            case [a, b] if name in _TWO:
                return (_TWO[name], a, b)
            case [a, b] if name == "multiply":
                return mul(a, b)
            case [a] if name in _ONE:
                return ("fn", name, a)
            case [a] if name == "square":
                return ("pow", a, 2)
            case [a] if name == "transpose":
                return transposed(a)
            case _:
                raise Unreadable

    def _row(self, inner: ast.expr, elements: list[ast.expr]) -> Node:
        """`L[..., [x], :]`, a row of a matrix."""
        match elements:
            case [*first, ast.List(elts=[index]), ast.Slice(lower=None, upper=None)] if [
                ast.unparse(one) for one in first
            ] in ([], ["..."]):
                return ("row", self.read(inner), self.read(index))
            case _:
                raise Unreadable
