"""Inside the sandbox: of a function that returns several gradients and raises, those that do not depend on what failed.

The function is run once more with each statement, and each entry of what it returns, on its own: what raises leaves a `Failed`
in the place of its result, and so does all that uses one.
"""

import ast
import time
import types

GUARD, PLACE, FAILED, ERROR, TURN = "__guard__", "__place__", "__failed__", "__error__", "__turn__"
MORE_SECONDS = 0.1  # of processor time that a loop may take beyond twice the first run
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


def in_parts(function, text, error, spent):
    """The function, whose parts fail one by one, made from the text of its file; None where that is not possible.

    Args:
        error: what it raised, after `spent` seconds of processor time.  A loop that only this ended raises it again.
    """
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
    guarded = _Guarded({*code.co_varnames, *code.co_cellvars})
    node.body = [guarded.visit(statement) for statement in node.body]
    scope = {**plain.__globals__, GUARD: _guard, PLACE: _place, FAILED: Failed, TURN: _until(error, spent)}
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


def _until(error, spent):
    """What each turn of a loop begins with."""
    traceback, end = error.__traceback__, time.process_time() + 2 * spent + MORE_SECONDS

    def turn():
        if time.process_time() > end:
            raise error.with_traceback(traceback)

    return turn


def _place(error, base, key):
    """`base()` after base()[key()] could not be assigned: only an entry of a dict or a list can be lost alone."""
    try:
        found = base()
        if type(found) in (dict, list):
            found[key()] = Failed(error)
            return found
    except Exception:  # there is no such name, or no such key
        return Failed(error)
    return Failed(error)


class _Guarded(ast.NodeTransformer):
    """The statements of a function, each on its own.

    Names that are not its own, such as numpy, are never assigned: they would become its own everywhere.
    """

    def __init__(self, names):
        self.names = names

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
        return self._tried(node, node.targets)

    def visit_AnnAssign(self, node):
        return self._tried(node, [node.target]) if node.value is not None else node

    def visit_AugAssign(self, node):
        return self._tried(node, [node.target])

    def visit_Expr(self, node):
        changed = list(self._changed(node))
        if isinstance(node.value, ast.Call):  # steps.append(Failed) loses one step
            node.value.args = [one if isinstance(one, ast.Starred) else _guarded(one) for one in node.value.args]
        return self._tried(node, changed)

    def visit_Assert(self, node):
        return self._tried(node, [])

    def visit_Try(self, node):
        """The student's own handlers see the exceptions that they are for."""
        return self._tried(node, list(self._changed(node)))

    visit_TryStar = visit_Try

    def visit_For(self, node):
        """The statements of a block fail one by one; what it makes is lost as a whole only where its head fails."""
        changed = list(self._changed(node))
        block = self.generic_visit(node)
        if isinstance(block, (ast.For, ast.While)):
            block.body.insert(0, ast.Expr(ast.Call(ast.Name(TURN, ast.Load()), [], [])))
        return self._tried(block, changed)

    visit_While = visit_If = visit_With = visit_Match = visit_For

    def _changed(self, block):
        """What the statements in a block assign or change."""
        for node in ast.walk(block):
            if isinstance(node, ast.Assign):
                yield from map(_base, _flat(node.targets))
            elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
                yield _base(node.target)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                yield from self._changed_by(node.value)

    def _changed_by(self, call):
        """A call such as steps.append(dh) changes what has the method, and np.add.at(dE, ...) its first argument."""
        method = call.func.value if isinstance(call.func, ast.Attribute) else None
        for one in (method, *call.args[:1]):
            if isinstance(one, ast.Name) and one.id in self.names:
                yield one
                return

    def _tried(self, statement, targets):
        """A statement whose exception is kept where its result would be."""
        lost = [_lost(target) for target in _flat(targets) if self._is_own(_base(target))]
        handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), ERROR, lost or [ast.Pass()])
        return ast.copy_location(ast.Try([statement], [handler], [], []), statement)

    def _is_own(self, base):
        return isinstance(base, ast.Name) and base.id in self.names


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


def _flat(targets):
    for target in targets:
        yield from _flat(target.elts) if isinstance(target, (ast.Tuple, ast.List)) else [target]


def _base(target):
    """What a target is a part of: `dW` of `dW[t].T`."""
    while isinstance(target, (ast.Attribute, ast.Subscript, ast.Starred)):
        target = target.value
    return target


def _lost(target):
    """The assignment that leaves a `Failed` in the place of a target."""
    failed = ast.parse(f"{FAILED}({ERROR})", mode="eval").body
    if isinstance(target, ast.Attribute):
        return ast.Assign([target], failed)
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        name, key = target.value.id, ast.unparse(target.slice)
        if not any(isinstance(one, ast.Slice) for one in ast.walk(target.slice)):
            return ast.parse(f"{name} = {PLACE}({ERROR}, lambda: {name}, lambda: {key})").body[0]
    return ast.Assign([ast.Name(_base(target).id, ast.Store())], failed)
