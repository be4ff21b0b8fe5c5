"""Loops that add up entries, as sums over windows: a convolution in six loops is recorded a window, not an entry, at a time.

    for u in range(K):                              becomes    s += the sum of x[i : i + K, j : j + L] * w[:K, :L]
        for v in range(L):
            s += x[i + u, j + v] * w[u, v]

Only stand-ins run what comes out.  What the source does not show is left to the run: where an index does not give a window of
numbers, it takes the loops as they were written.
"""

import ast
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

ARE_WINDOWS, TOTAL = "__are_windows__", "__total__"


def in_windows(tree: ast.FunctionDef) -> bool:
    """Rewrite the loops of a function in place; whether there were any."""
    rewriter = _Rewriter()
    rewriter.visit(tree)
    ast.fix_missing_locations(tree)
    return rewriter.found


def are_windows(lengths: tuple[Any, ...], *factors: Callable[[], Any]) -> bool:
    """Whether each factor has one number for each round of the loops."""
    shape = tuple(int(length) for length in lengths)
    try:
        return all(
            np.asarray(getattr(factor, "value", factor)).shape == shape for factor in [each() for each in factors]
        )
    except (IndexError, TypeError):
        return False


def total(first: Any, *others: Any) -> Any:
    for other in others:
        first = first * other
    return np.sum(first)


HELPERS = {ARE_WINDOWS: are_windows, TOTAL: total}


class _Rewriter(ast.NodeTransformer):
    def __init__(self) -> None:
        self.found = False

    def visit_For(self, node: ast.For) -> Any:
        read = _read(node)
        if read is None:
            return self.generic_visit(node)
        counters, added = read
        factors = [_window(factor, counters) for factor in _factors(added.value)]
        if None in factors:
            return self.generic_visit(node)
        self.found = True
        lengths = ast.Tuple(list(counters.values()), ast.Load())
        lambdas = [ast.Lambda(_NO_ARGUMENTS, factor) for factor in factors if factor]
        test = ast.Call(ast.Name(ARE_WINDOWS, ast.Load()), [lengths, *lambdas], [])
        total = ast.Call(ast.Name(TOTAL, ast.Load()), [factor for factor in factors if factor], [])
        whole = ast.AugAssign(added.target, ast.Add(), total)
        return _at(ast.If(test, [whole], [node]), added)


_NO_ARGUMENTS = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])


def _at(new: ast.If, old: ast.AST) -> ast.If:
    """With the line of `old` for all that is new: messages and the author's names go by lines."""
    for node in [new, *ast.walk(new.test), *(each for part in new.body for each in ast.walk(part))]:
        ast.copy_location(node, old)
    return new


def _read(node: ast.For) -> tuple[dict[str, ast.expr], ast.AugAssign] | None:
    """The counters of nested loops with the number of their rounds, and the one statement in them."""
    counters: dict[str, ast.expr] = {}
    inner: ast.stmt = node
    while isinstance(inner, ast.For):
        rounds = inner.iter
        if not (isinstance(rounds, ast.Call) and isinstance(rounds.func, ast.Name) and rounds.func.id == "range"):
            return None
        if not isinstance(inner.target, ast.Name) or len(rounds.args) != 1 or len(inner.body) != 1 or inner.orelse:
            return None
        if inner.target.id in counters or counters.keys() & _names(rounds):
            return None
        counters[inner.target.id] = rounds.args[0]
        inner = inner.body[0]
    if not isinstance(inner, ast.AugAssign) or not isinstance(inner.op, ast.Add):
        return None
    changed = _names(inner.target) & counters.keys()
    own = isinstance(inner.target, ast.Name) and inner.target.id in _names(inner.value)
    return None if changed or own else (counters, inner)


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _factors(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        yield from _factors(node.left)
        yield from _factors(node.right)
    else:
        yield node


def _window(factor: ast.expr, counters: dict[str, ast.expr]) -> ast.expr | None:
    """What all rounds together read of one array; None if each counter does not move one axis, in the order of the loops."""
    if not isinstance(factor, ast.Subscript) or not isinstance(factor.value, ast.Name):
        return None
    index = factor.slice.elts if isinstance(factor.slice, ast.Tuple) else [factor.slice]
    entries: list[ast.expr] = []
    moved: list[str] = []
    for entry in index:
        used = _names(entry) & counters.keys()
        if not used:
            entries.append(entry)
            continue
        (counter, *more) = used
        start = _start(entry, counter)
        if more or start is None:
            return None
        moved.append(counter)
        entries.append(ast.Slice(start, ast.BinOp(start, ast.Add(), counters[counter])))
    if moved != list(counters):
        return None
    return ast.Subscript(factor.value, ast.Tuple(entries, ast.Load()), ast.Load())


def _start(entry: ast.expr, counter: str) -> ast.expr | None:
    """Where a window begins whose entries are `counter + start`."""
    if isinstance(entry, ast.Name):
        return ast.Constant(0)
    if isinstance(entry, ast.BinOp) and isinstance(entry.op, ast.Add):
        sides = (entry.left, entry.right)
        for one, other in (sides, sides[::-1]):
            if counter not in _names(other):
                start = _start(one, counter)
                plain = isinstance(start, ast.Constant) and start.value == 0
                return other if plain else start and ast.BinOp(start, ast.Add(), other)
    return None
