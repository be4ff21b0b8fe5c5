"""Inside the sandbox: what each statement of a student's file reads and what it changes, by names.

Where a calculation goes wrong is found among what an answer is made of, so each traced array comes with the names that it was
computed from.
"""

import ast

MAX_READ = 24  # names
RETURNED = "return"
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


class Reads:
    """The statements of a file by line, and those of each function by the names that they change."""

    def __init__(self, tree):
        self._by_line, self._changing = {}, {}
        self._block(tree.body, None, frozenset())

    def __call__(self, line, name, tracked):
        """What `name` was computed from when it came to hold an array in this line.

        Args:
            tracked: the names that hold arrays there.  In place of others, such as a list of rows, stands all that is put
                into them.
        """
        function, changes, everything = self._by_line.get(line, (None, {}, ()))
        found, seen = [], set()
        waiting = list(changes.get(name, everything))
        if name not in changes and name.startswith(f"{RETURNED}["):  # of a dictionary that is returned as a whole
            entries = [other + name[len(RETURNED) :] for other in everything]
            waiting = [entry for entry in entries if entry in tracked] or waiting
        while waiting and len(found) < MAX_READ:
            one = waiting.pop(0)
            if one in seen:
                continue
            seen.add(one)
            if one in tracked or (function, one) not in self._changing:
                found.append(one)
                base = one.partition("[")[0]
                if one not in tracked and base != one and (function, base) in self._changing:
                    waiting.append(base)
            else:
                waiting += [other for read in self._changing[function, one] for other in read]
        return found

    def entries(self, line):
        """Of the return statement in this line that lists several results: the line of each, by its position or its key."""
        return self._by_line.get(line, (None, {}, ()))[1].get(None, {})

    def _block(self, statements, function, own):
        for one in statements:
            if isinstance(one, ast.ClassDef):
                self._block(one.body, function, own)
                continue
            if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._block(one.body, one, _own_names(one))
                continue
            inner = [part for name in _BLOCKS for part in getattr(one, name, ())]
            last = min((part.lineno for part in inner if hasattr(part, "lineno")), default=one.end_lineno + 1) - 1
            changes, everything = _of_statement(one, own)
            for line in range(one.lineno, max(last, one.lineno) + 1):
                self._by_line[line] = function, changes, everything
            for name, read in changes.items():
                if name is not None:
                    self._changing.setdefault((function, name), []).append(read)
            for part in inner:
                self._block(getattr(part, "body", ()) if not isinstance(part, ast.stmt) else [part], function, own)


def _own_names(function):
    """Its parameters, and the names that it assigns: of others, such as numpy, a method call changes nothing."""
    stored = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return stored.union(node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg))


def _of_statement(node, own):
    """What each name that a statement changes is made of, and all that it reads; under None, the lines of its entries."""
    everything = _read(*(part for part in ast.iter_child_nodes(node) if isinstance(part, (ast.expr, ast.withitem))))
    changes = {}
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                _assigned(target, value, changes)
        case ast.AugAssign(target=target, value=value):
            before = _written(target)[:1]
            for name in _written(target):
                changes[name] = [*_read(value), *before]
            everything = [*everything, *before]
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.For(target=target, iter=value):
            _assigned(target, value, changes)
        case ast.Expr(value=ast.Call() as call):
            changes.update({name: everything for name in _changed_by(call) if name in own})
        case ast.Return(value=value):
            _entries(dict(_several(value)), changes)
    return changes, everything


def _changed_by(call):
    """A call such as steps.append(dh) changes what has the method, and np.add.at(dE, ...) its first argument."""
    method = [call.func.value] if isinstance(call.func, ast.Attribute) else []
    return [one.id for one in (*method, *call.args[:1]) if isinstance(one, ast.Name)]


def _several(value):
    """The results that a return statement lists, by their positions or their keys."""
    match value:
        case ast.Tuple(elts=values) | ast.List(elts=values):
            yield from ((f"{RETURNED}[{number}]", one) for number, one in enumerate(values))
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values)
            yield from ((f'{RETURNED}["{key.value}"]', one) for key, one in pairs if isinstance(key, ast.Constant))


def _entries(values, changes):
    changes.update({name: _read(value) for name, value in values.items()})
    if values:
        changes[None] = {name: value.lineno for name, value in values.items()}


def _assigned(target, value, changes):
    several = isinstance(target, (ast.Tuple, ast.List))
    if several and isinstance(value, (ast.Tuple, ast.List)) and len(target.elts) == len(value.elts):
        for one, part in zip(target.elts, value.elts):
            _assigned(one, part, changes)
        return
    if isinstance(target, ast.Name) and isinstance(value, ast.Dict):
        for key, part in zip(value.keys, value.values):
            if isinstance(key, ast.Constant):
                changes[f'{target.id}["{key.value}"]'] = _read(part)
    for number, one in enumerate(target.elts if several else [target]):
        read = _read(value)
        match value:
            case ast.Call(func=ast.Name(id=name)) if several:
                read = [f"{name}[{number}]" if other == name else other for other in read]
        kept = _written(one) if isinstance(one, ast.Subscript) else []  # the other rows stay
        for changed in _written(one):
            changes[changed] = [*read, *kept, *_read(one)]


def _written(target):
    """The names that change when this is assigned to: of an entry of a dictionary, the entry."""
    if isinstance(target, ast.Starred):
        return _written(target.value)
    if isinstance(target, ast.Subscript) and (name := _entry(target)):
        return [name, *_written(target.value)]
    while isinstance(target, (ast.Subscript, ast.Attribute)):
        target = target.value
    return [target.id] if isinstance(target, ast.Name) else []


def _entry(node):
    """`grads["dW"]`, or "" for what is no entry of a dictionary with a name."""
    match node:
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))):
            return f'{name}["{key}"]'
    return ""


def _result(node):
    """`backward["dW"]` for backward(s)["dW"], one of several results of a function; "" for anything else."""
    match node:
        case ast.Subscript(value=ast.Call(func=ast.Name(id=name)), slice=ast.Constant(value=str(key))):
            return f'{name}["{key}"]'
        case ast.Subscript(value=ast.Call(func=ast.Name(id=name)), slice=ast.Constant(value=int(key))) if key >= 0:
            return f"{name}[{key}]"
    return ""


def _read(*nodes):
    """The names that an expression uses, in order, with the functions and methods that it calls."""
    found, waiting = {}, list(nodes)
    while waiting:
        node = waiting.pop(0)
        if name := _entry(node):
            found[name] = None
            continue
        if name := _result(node):
            found[name] = None
            waiting += [*node.value.args, *(one.value for one in node.value.keywords)]
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found[node.id] = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found[node.func.attr] = None
        waiting += list(ast.iter_child_nodes(node))
    return list(found)
