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
    session = _Session([_Facts(statement) for statement in statements])
    alike = set(map(_folded, asked))
    wanted = {name for name in session.bound if _folded(name) in alike}  # one misspelled is reported as such
    while True:
        kept, later = _backward(session, wanted)
        if later <= wanted:
            return kept
        wanted |= later


def _backward(session, wanted):
    """Which statements the names `wanted` depend on, and the names that functions among them use when they are called."""
    live, later, kept = set(wanted), set(), []
    for fact in reversed(session.facts):
        keep = fact.imports_all or bool(fact.binds & live) or bool(session.changed_by(fact) & live)
        kept.insert(0, keep)
        if keep:
            live = (live - fact.replaces) | fact.uses | fact.uses_later
            later |= fact.uses_later
    return kept, later


class _Session:
    """What is known of all statements together.

    Attributes:
        bound: all names that get a value.
    """

    def __init__(self, facts):
        self.facts = facts
        self.bound = {name for fact in facts for name in fact.binds}
        self._modules = {
            name for fact in facts if isinstance(fact.node, ast.Import | ast.ImportFrom) for name in fact.binds
        }
        self._sets = {name: fact.binds_later for fact in facts if fact.binds_later for name in fact.binds}

    def changed_by(self, fact):
        """The names whose value a statement may change in place, as `cache["a"] = 1`, `cache.clear()` and `fill(cache)` do."""
        node = fact.node
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete):
            targets = getattr(node, "targets", None) or [node.target]
            return set(map(_root, targets))
        call = node.value if isinstance(node, ast.Expr) else None
        if not isinstance(call, ast.Call):
            return set()
        root = _root(call.func)
        if root in self._modules or root not in self.bound:  # np.random.seed(0), which has no experiment in it
            return set() if (fact.uses - {root}) & self.bound else {root}
        given = {root} if isinstance(call.func, ast.Attribute) else set(map(_root, call.args))
        return given | self._sets.get(root, set())


class _Facts:
    """The global names of one statement.

    Attributes:
        binds: those that it gives a value, or deletes.
        replaces: those of them whose value before does not matter.
        uses: those that it reads at once.
        uses_later, binds_later: those that its functions read or bind when they are called.
    """

    def __init__(self, node):
        self.node = node
        self.binds, self.uses, self.uses_later, self.binds_later = set(), set(), set(), set()
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
                (self.binds_later if nested else self.binds).add(step.argval)
        for constant in code.co_consts:
            if hasattr(constant, "co_code"):
                self._read(constant, nested=True)


def _root(node):
    """The name `a` in `a.b[c].d`; None where there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _folded(name):
    return name.replace("_", "").lower()
