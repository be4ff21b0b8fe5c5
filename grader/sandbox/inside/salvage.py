"""Inside the sandbox: of a function that returns several gradients and raises, those that do not depend on what failed.

The function is run once more with each statement, and each entry of what it returns, on its own: what raises leaves a `Failed`
in the place of its result, and so does all that uses one.
"""

import ast
import types

GUARD, PLACE, ERROR = "__guard__", "__place__", "__error__"
_PLAIN = "add sub mul matmul truediv floordiv mod pow".split()
_SPECIAL = (
    "neg pos abs getitem setitem iter len bool float int index contains lt le gt ge eq ne call getattr array".split()
)


class Failed:
    """What stands for a result that could not be computed: any use of it raises what was raised there."""

    def __init__(self, error):
        vars(self)["error"] = error


def _raise(self, *_, **__):
    raise vars(self)["error"]


for _name in (
    *_SPECIAL,
    "array_ufunc",
    "array_function",
    *(before + name for before in ("", "r", "i") for name in _PLAIN),
):
    setattr(Failed, f"__{_name}__", _raise)


def error_of(value):
    """The exception that a value stands for, or None."""
    return vars(value)["error"] if type(value) is Failed else None


def in_parts(function, text):
    """The function, whose parts fail one by one, made from the text of its file; None where that is not possible."""
    method = type(function) is types.MethodType
    plain = function.__func__ if method else function
    if type(plain) is not types.FunctionType or plain.__closure__:
        return None
    code = plain.__code__
    lines = range(code.co_firstlineno, code.co_firstlineno + 10)  # decorators come first
    named = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and node.name == code.co_name
    ]
    node = next((one for one in named if one.lineno in lines), None)
    if node is None or any(isinstance(one, (ast.Yield, ast.YieldFrom, ast.Global)) for one in ast.walk(node)):
        return None
    node.decorator_list, node.returns = [], None
    node.args.defaults = [ast.Constant(None) for _ in node.args.defaults]
    for argument in (*node.args.args, *node.args.posonlyargs, *node.args.kwonlyargs):
        argument.annotation = None
    node.body = [_Guarded().visit(statement) for statement in node.body]
    scope = {**plain.__globals__, GUARD: _guard, PLACE: _place}
    exec(compile(ast.fix_missing_locations(ast.Module([node], [])), code.co_filename, "exec", dont_inherit=True), scope)
    made = scope[node.name]
    made.__defaults__, made.__kwdefaults__ = plain.__defaults__, plain.__kwdefaults__
    scope[node.name] = plain
    return types.MethodType(made, function.__self__) if method else made


def _guard(compute):
    try:
        return compute()
    except Exception as error:
        return Failed(error)


def _place(error, base=None, key=None):
    """`base` after base[key()] could not be assigned: only an entry of a dict can be lost alone."""
    if type(base) is not dict:
        return Failed(error)
    base[key()] = Failed(error)
    return base


class _Guarded(ast.NodeTransformer):
    """The statements of a function, each on its own."""

    def visit_FunctionDef(self, node):
        return node

    visit_ClassDef = visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef

    def visit_Return(self, node):
        node.value = _entries(node.value)
        if node.value is not None and not isinstance(node.value, (ast.Tuple, ast.List, ast.Dict)):
            node.value = _guarded(node.value)
        return node

    def visit_Assign(self, node):
        node.value = _entries(node.value)
        return _tried(node, node.targets)

    def visit_AnnAssign(self, node):
        return _tried(node, [node.target]) if node.value is not None else node

    def visit_AugAssign(self, node):
        return _tried(node, [node.target])

    def visit_Expr(self, node):
        """A call such as np.add.at(dE, ...) changes its first argument."""
        if isinstance(node.value, ast.Call) and node.value.args and isinstance(node.value.args[0], ast.Name):
            return _tried(node, [node.value.args[0]])
        return node


def _entries(value):
    """An expression, each of its entries on its own where it is a tuple, a list or a dict."""
    if isinstance(value, (ast.Tuple, ast.List)) and not any(isinstance(one, ast.Starred) for one in value.elts):
        value.elts = [_guarded(one) for one in value.elts]
    elif isinstance(value, ast.Dict) and all(value.keys):
        value.values = [_guarded(one) for one in value.values]
    return value


def _guarded(node):
    if any(isinstance(one, (ast.NamedExpr, ast.Await)) for one in ast.walk(node)):
        return node
    nothing = ast.arguments([], [], None, [], [], None, [])
    call = ast.Call(ast.Name(GUARD, ast.Load()), [ast.Lambda(nothing, node)], [])
    return ast.copy_location(call, node)


def _tried(statement, targets):
    """A statement whose exception is kept where its result would be."""
    handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), ERROR, [_lost(target) for target in _flat(targets)])
    return ast.copy_location(ast.Try([statement], [handler], [], []), statement)


def _flat(targets):
    for target in targets:
        yield from _flat(target.elts) if isinstance(target, (ast.Tuple, ast.List)) else [target]


def _lost(target):
    """The assignment that leaves a `Failed` in the place of a target."""
    failed = ast.parse(f"{PLACE}({ERROR})", mode="eval").body
    if isinstance(target, ast.Attribute):
        return ast.Assign([target], failed)
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        key = (
            ast.unparse(target.slice)
            if not any(isinstance(one, ast.Slice) for one in ast.walk(target.slice))
            else "None"
        )
        return ast.parse(f"{target.value.id} = {PLACE}({ERROR}, {target.value.id}, lambda: {key})").body[0]
    while not isinstance(target, ast.Name):
        target = target.value
    return ast.Assign([ast.Name(target.id, ast.Store())], failed)
