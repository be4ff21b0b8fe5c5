"""A model that computes in single precision is run in double: to a derivative, a cast to another float is no step.

`x.astype(np.float32)` and `np.float32(x)` become `x * 1.0`, so that a complex step passes; `dtype=np.float32` becomes
`dtype="float64"` where an array is created.  Everything keeps its line.
"""

import ast

SHORT = {"float16", "float32", "half", "single"}
_CREATORS = set("zeros ones empty full array asarray eye identity arange linspace".split())


def in_double(source: str | bytes, path: str) -> ast.Module:
    """The statements of an instructor's file, with casts to short floats left out.

    Raises:
        SyntaxError: it is no Python.
    """
    tree = ast.parse(source, path)
    if any(_names_short(node) for node in ast.walk(tree)):
        tree = ast.fix_missing_locations(_InDouble().visit(tree))
    return tree


def _names_short(node: ast.AST) -> bool:
    """np.float32, or "float32"."""
    if isinstance(node, ast.Attribute):
        return node.attr in SHORT and isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy")
    return isinstance(node, ast.Constant) and node.value in ("float16", "float32", "f2", "f4")


class _InDouble(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        types = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "dtype")]
        if isinstance(node.func, ast.Attribute) and node.func.attr == "astype" and any(map(_names_short, types)):
            return self._as_float(node, node.func.value)
        if _names_short(node.func) and len(node.args) == 1:
            return self._as_float(node, node.args[0])
        kept = [each for each in node.keywords if each.arg != "dtype" or not _names_short(each.value)]
        if isinstance(node.func, ast.Attribute) and node.func.attr in _CREATORS:
            node.args = [_double(each) if _names_short(each) else each for each in node.args]
            if len(kept) < len(node.keywords):
                kept.append(ast.keyword("dtype", _double(node)))
        node.keywords = kept  # elsewhere the type is that of what goes in
        return node

    def _as_float(self, node: ast.AST, value: ast.expr) -> ast.AST:
        return ast.copy_location(ast.BinOp(value, ast.Mult(), ast.Constant(1.0)), node)


def _double(node: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Constant("float64"), node)
