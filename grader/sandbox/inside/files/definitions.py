"""In a child: which statements of a session in Jupyter made the functions what they are now.

A session is all cells that were run, in the order of the runs: also experiments, and what was run again after a change.
Whatever the functions do not use is left out, so that it costs no time and its failures are not reported.
"""

import ast
import contextlib
import dis
import warnings

_LOADS = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS")
_BINDS = ("STORE_NAME", "DELETE_NAME")
_BINDS_GLOBAL = ("STORE_GLOBAL", "DELETE_GLOBAL")
_WHOLE = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Delete, ast.Assign, ast.AnnAssign,
)  # fmt: skip


def needed(statements, asked):
    """For each of the statements, in the order in which they were run, whether the functions `asked` depend on it."""
    facts = [_Facts(statement) for statement in statements]
    modules = {name for fact in facts if isinstance(fact.node, ast.Import | ast.ImportFrom) for name in fact.binds}
    bound = {name for fact in facts for name in fact.binds}
    wanted = {name for name in bound if _folded(name) in set(map(_folded, asked))}  # one misspelled is reported as such
    while True:
        kept, later = _backward(facts, wanted, modules, bound)
        if later <= wanted:
            return kept
        wanted |= later


def _backward(facts, wanted, modules, bound):
    """Which statements the names `wanted` depend on, and the names that functions among them use when they are called."""
    live, later, kept = set(wanted), set(), []
    for fact in reversed(facts):
        keep = fact.imports_all or bool(fact.binds & live) or fact.changes(live, modules, bound)
        kept.insert(0, keep)
        if keep:
            live = (live - fact.replaces) | fact.uses | fact.uses_later
            later |= fact.uses_later
    return kept, later


class _Facts:
    """The global names of one statement.

    Attributes:
        binds: those that it gives a value, or deletes.
        replaces: those of them whose value before does not matter.
        uses: those that it reads at once.
        uses_later: those that its functions read, or bind, when they are called.
    """

    def __init__(self, node):
        self.node = node
        self.binds, self.uses, self.uses_later = set(), set(), set()
        with warnings.catch_warnings(record=True), contextlib.suppress(SyntaxError, ValueError, RecursionError):
            self._read(compile(ast.Module([node], []), "session", "exec", dont_inherit=True))
        self.imports_all = isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
        self.replaces = self.binds - self.uses if isinstance(node, _WHOLE) else set()

    def _read(self, code, *, nested=False):
        for step in dis.get_instructions(code):
            if step.opname in _LOADS:
                (self.uses_later if nested else self.uses).add(step.argval)
            elif step.opname in _BINDS and not nested:
                self.binds.add(step.argval)
            elif step.opname in _BINDS_GLOBAL:
                (self.uses_later if nested else self.binds).add(step.argval)
        for constant in code.co_consts:
            if hasattr(constant, "co_code"):
                self._read(constant, nested=True)

    def changes(self, live, modules, bound):
        """Whether it changes the value of a live name in place, as in `cache["a"] = 1`, `cache.clear()` and `fill(cache)`."""
        if isinstance(self.node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete):
            targets = getattr(self.node, "targets", None) or [self.node.target]
            return bool({_root(target) for target in targets} & live)
        call = self.node.value if isinstance(self.node, ast.Expr) else None
        if not isinstance(call, ast.Call):
            return False
        root = _root(call.func)
        if isinstance(call.func, ast.Attribute):  # a module's function, as np.random.seed(0), has no experiment in it
            return root in live and (root not in modules or not (self.uses - {root}) & bound)
        return root in bound and bool({_root(argument) for argument in call.args} & live)


def _root(node):
    """The name `a` in `a.b[c].d`; None where there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _folded(name):
    return name.replace("_", "").lower()
