"""Other ways of writing the same solution: every one must earn full marks.  Reads and writes source; runs nothing.

The solution's own source is rewritten (it is the staff's); where only what is returned differs, its functions are wrapped.
"""

import ast
from collections.abc import Callable, Iterator

_HELPERS = '''\
import numpy as np

_depth = 0


def _of_matrices(product):
    """Arrays with another number of axes are multiplied as they are."""
    return lambda a, b: product(a, b) if a.ndim == b.ndim == 2 else a @ b


@_of_matrices
def _einsum(a, b):
    return np.einsum("ij,jk->ik", a, b)


@_of_matrices
def _loops(a, b):
    out = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for k in range(a.shape[1]):
                out[i, j] += a[i, k] * b[k, j]
    return out


@_of_matrices
def _outer(a, b):
    return np.outer(a, b) if 1 == a.shape[1] == b.shape[0] else a @ b


@_of_matrices
def _backwards(a, b):
    return (b.T @ a.T).T


@_of_matrices
def _dot(a, b):
    return np.dot(a, b)


@_of_matrices
def _sums(a, b):
    return np.sum(a[:, :, None] * b[None, :, :], axis=1)


def _returned(function, convert):
    """What the grader gets is converted, what the functions get from one another is not."""

    def gradient(s):
        global _depth
        _depth += 1
        try:
            value = function(s)
        finally:
            _depth -= 1
        return convert(value) if _depth == 0 else value

    return gradient

'''
_PRODUCTS = {
    "einsum": "_einsum",
    "loops": "_loops",
    "outer": "_outer",
    "np.dot": "_dot",
    "products backwards": "_backwards",
    "sums": "_sums",
}
_RETURNED = {
    "float32": "lambda value: value.astype(np.float32)",
    "lists": "lambda value: value.tolist()",
    "columns first in memory": "lambda value: np.asfortranarray(value)",
    "views": "lambda value: np.repeat(value, 2, axis=-1)[..., ::2]",
}


def rewritings(source: str, names: list[str], *, negative: bool, float32: bool) -> Iterator[tuple[str, str]]:
    """(what is different, source) for each rewriting of the solution, the solution itself first.

    Args:
        names: the gradients.
        negative: the gradients of the negative loss are asked for, so what is returned changes its sign.
        float32: answers in single precision are accepted.
    """
    sign = "-" if negative else ""
    plain = f"lambda value: {sign}value"
    yield "as it is", _assembled(source, names, plain) if negative else source
    for name, function in _PRODUCTS.items():
        rewritten = ast.unparse(ast.fix_missing_locations(_Products(function).visit(ast.parse(source))))
        if function in rewritten:
            yield name, _assembled(rewritten, names, plain)
    yield (
        "factors and terms exchanged",
        _assembled(ast.unparse(ast.fix_missing_locations(_Exchanged().visit(ast.parse(source)))), names, plain),
    )
    for name, convert in _RETURNED.items():
        if name != "float32" or float32:
            yield (
                name,
                _assembled(
                    source,
                    names,
                    convert.replace("value", f"({sign}value)").replace(f"lambda ({sign}value)", "lambda value", 1),
                ),
            )


def _assembled(source: str, names: list[str], convert: str) -> str:
    """The helpers, the functions, and each gradient wrapped."""
    wrapped = "\n".join(f"{name} = _returned({name}, {convert})" for name in names)
    return f"{_HELPERS}\n{source}\n\n{wrapped}\n"


class _Products(ast.NodeTransformer):
    """`a @ b` as a call of another function."""

    def __init__(self, function: str) -> None:
        self.function = ast.parse(function, mode="eval").body

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.op, ast.MatMult):
            return node
        return ast.Call(self.function, [node.left, node.right], [])


class _Exchanged(ast.NodeTransformer):
    """`a * b` as `b * a`, `a + b` as `b + a`, `a - b` as `-b + a`."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        change: Callable[[ast.expr, ast.expr], ast.expr] | None = _EXCHANGES.get(type(node.op))
        return change(node.left, node.right) if change else node


_EXCHANGES: dict[type[ast.operator], Callable[[ast.expr, ast.expr], ast.expr]] = {
    ast.Mult: lambda a, b: ast.BinOp(b, ast.Mult(), a),
    ast.Add: lambda a, b: ast.BinOp(b, ast.Add(), a),
    ast.Sub: lambda a, b: ast.BinOp(ast.UnaryOp(ast.USub(), b), ast.Add(), a),
}
