"""Inside the sandbox: which part of a line raised an exception.

From Python 3.11 on every instruction knows its columns.  Before, and where they are missing, the sub-expressions of the
statement are evaluated once more, from the inside out: the first that raises the same is the one.
"""

import ast
import copy
import itertools

import numpy as np

from grader.sandbox.inside.exceptions.evaluate import Unknown, function_of, is_plain

_BODIES = (ast.stmt, ast.excepthandler, ast.match_case, ast.arguments)


def statement_at(tree, line):
    """The innermost statement that covers a line, or None."""
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.stmt))
    covering = (node for node in statements if node.lineno <= line <= node.end_lineno)
    return min(covering, key=lambda node: (node.end_lineno - node.lineno, -node.lineno), default=None)


def failing_node(tree, statement, trace, error, evaluate):
    """The node of `statement` that raised `error` in the frame of the traceback entry `trace`, or None."""
    if statement is None or isinstance(statement, ast.Raise):
        return None
    return _by_columns(tree, trace) or _by_evaluation(statement, error, evaluate)


def _by_columns(tree, trace):
    """The node at the columns of the failing instruction."""
    positions = getattr(trace.tb_frame.f_code, "co_positions", None)
    if positions is None:
        return None
    span = next(itertools.islice(positions(), trace.tb_lasti // 2, None), (None,) * 4)
    if None in span:
        return None
    line, end_line, column, end_column = span
    # A chain of calls over several lines begins, for the instruction, at the last name.
    nodes = [
        node
        for node in ast.walk(tree)
        if getattr(node, "end_lineno", None) == end_line
        and node.end_col_offset == end_column
        and (node.lineno, node.col_offset) <= (line, column)
        and not isinstance(node, ast.Expr)
    ]
    return max(nodes, key=lambda node: (node.lineno, node.col_offset, isinstance(node, ast.expr)), default=None)


def _by_evaluation(statement, error, evaluate):
    """The first part of a statement, from the inside out, that raises what `error` is when it is evaluated again.

    Failing that, the first operation on something that is no number and no array.
    """
    suspect = None
    for node in _inside_out(statement):
        try:
            _again(node, evaluate)
        except Unknown:
            if suspect is None and _misused(node, evaluate):
                suspect = node
        except Exception as found:
            if type(found) is type(error):
                return node
    return suspect


def _misused(node, evaluate):
    parts = {"BinOp": ("left", "right"), "Subscript": ("value",)}.get(type(node).__name__, ())
    values = [evaluate.get(getattr(node, part)) for part in parts]
    if isinstance(node, ast.Call):
        known, function = evaluate.get(node.func)
        return known and type(function) is np.ndarray
    return all(known for known, _ in values) and any(not is_plain(value) for _, value in values)


def parts_run(statement):
    """The expressions of a statement; of one that contains others, only its own head."""
    return [node for node in _inside_out(statement) if isinstance(node, ast.expr)]


def _inside_out(statement):
    """Expressions in the order in which they are evaluated, then the statement itself."""
    if isinstance(statement, (ast.Assign, ast.AugAssign)):  # the value comes before the place
        parts = [statement.value, *(statement.targets if isinstance(statement, ast.Assign) else [statement.target])]
    else:
        parts = [part for part in ast.iter_child_nodes(statement) if not isinstance(part, _BODIES)]
    for part in parts:
        yield from _expressions(part)
    yield statement


def _expressions(node):
    # The inside of a comprehension is another frame, where its names may mean something: it is tried all the same.
    for child in [*getattr(node, "generators", ()), *ast.iter_child_nodes(node)]:
        yield from _expressions(child)
    if isinstance(node, ast.expr):
        yield node


def _again(node, evaluate):
    """Do once more what a node does, on copies where it changes something."""
    if isinstance(node, ast.Assign):
        _assign_again(node, evaluate)
    elif isinstance(node, ast.AugAssign):
        function_of(node.op, "i")(copy.copy(evaluate(node.target)), evaluate(node.value))
    elif isinstance(node, (ast.If, ast.While, ast.Assert)):
        bool(evaluate(node.test))
    elif isinstance(node, ast.For):
        iter(evaluate(node.iter))
    elif isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
        raise Unknown
    elif isinstance(node, ast.expr):
        evaluate(node)


def _assign_again(node, evaluate):
    value = evaluate(node.value)
    for target in node.targets:
        if isinstance(target, ast.Subscript):
            place = copy.copy(evaluate(target.value))
            place[evaluate(target.slice)] = value
        elif isinstance(target, ast.Tuple) and len(list(value)) != len(target.elts):
            raise ValueError("values to unpack")
