"""Inside the sandbox: explain an exception by the failing expression and the shapes in it.

Runs after a student's function has raised, in the process that it could have taken over: what comes out is text that
the grader cuts, cleans and does not believe.  A file is parsed here and nowhere else.
"""

import ast

import numpy as np

from grader.sandbox.inside.exceptions import names, reasons
from grader.sandbox.inside.exceptions.calls import call
from grader.sandbox.inside.exceptions.evaluate import Evaluator
from grader.sandbox.inside.exceptions.locate import failing_node, parts_run, statement_at
from grader.sandbox.inside.exceptions.reads import Reads
from grader.sandbox.inside.exceptions.symbols import Symbols, text
from grader.sandbox.shared import sentences
from grader.sandbox.shared.interface import NotCallable

MAX_LINES = 4
MAX_SOURCE = 100_000
MAX_CPU_SECONDS = 0.2  # a call that took longer is not repeated in parts


class Explainer:
    """Explains the exceptions of one file."""

    def __init__(self, source, file, point_type, place):
        """Explain exceptions of `source`; `place` gives the cell of a notebook and the line in it for a line."""
        self.source = source
        self.place = place
        self.file = file
        self.point_type = point_type
        self._tree = None

    def __call__(self, error, gradient, point, sizes, cpu_seconds, interface):
        """Lines on what failed and why; none where nothing more than the exception itself is known.

        Args:
            interface: knows which function was called for `gradient`, and with what.
        """
        try:
            declared = interface.declared(gradient)
            called = declared.method or declared.owner
            view = names.View(point, interface, declared)
            lines = [line for line in self._lines(error, view, Symbols(sizes), cpu_seconds) if line][:MAX_LINES]
            own = self._own_traces(error)
            name = own[-1].tb_frame.f_code.co_name if own else called
            elsewhere = lines and name != called and not name.startswith("<") and not isinstance(error, RecursionError)
            return [sentences.IN_FUNCTION(name) + lines[0], *lines[1:]] if elsewhere else lines
        except BaseException:
            return []  # whatever goes wrong here, the exception itself is reported

    def _lines(self, error, view, symbols, cpu_seconds):
        own = self._own_traces(error)
        if isinstance(error, NameError):
            return names.unknown_name(error, own[-1] if own else None, view)
        if isinstance(error, RecursionError):
            return _recursion([trace.tb_frame.f_code.co_name for trace in own[:1000]])
        if not own and (type(error) is NotCallable or (type(error) is TypeError and "argument" in str(error))):
            return names.wrong_arguments(error, view)
        if not own or len(self.source) > MAX_SOURCE:
            return []
        if isinstance(error, AttributeError):
            return names.unknown_attribute(error, self.point_type)
        own_files = (self.file, "model.py") if cpu_seconds <= MAX_CPU_SECONDS else ()
        evaluate = Evaluator(own[-1].tb_frame, self.point_type, own_files)
        statement = statement_at(self._parsed(), own[-1].tb_lineno)
        with np.errstate(all="ignore"):
            node = failing_node(self._parsed(), statement, own[-1], error, evaluate)
            if node is None:
                return []
            return [*_reason(node, statement, evaluate, symbols, error), *_traps(statement, evaluate, symbols)]

    def traps(self, frame, symbols, cpu_seconds):
        """What numpy accepts in the line that a frame is about to run, but hardly anyone means, and a product in it."""
        own_files = (self.file, "model.py") if cpu_seconds <= MAX_CPU_SECONDS else ()
        try:
            with np.errstate(all="ignore"):
                statement = statement_at(self._parsed(), frame.f_lineno)
                cell, line = self.place(frame.f_lineno)
                where = sentences.IN_CELL(str(cell), str(line)) if cell else sentences.IN_LINE(str(line))
                evaluate = Evaluator(frame, self.point_type, own_files)
                return [
                    where + line
                    for line in (*_traps(statement, evaluate, symbols), *_product(statement, evaluate, symbols))
                ]
        except BaseException:
            return []

    def reads(self):
        """What each statement of the file reads; None where that takes too long to find out."""
        try:
            return Reads(self._parsed()) if len(self.source) <= MAX_SOURCE else None
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    def _parsed(self):
        if self._tree is None:
            self._tree = ast.parse(self.source)
        return self._tree

    def _own_traces(self, error):
        """The traceback entries in the student's file, the innermost last."""
        trace, own = error.__traceback__, []
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.file:
                own.append(trace)
            trace = trace.tb_next
        return own


def _reason(node, statement, evaluate, symbols, error):
    if "truth value of an array" in str(error):
        test = getattr(node, "test", node)
        known, value = evaluate.get(test)
        what = sentences.IS(text(test), symbols.value(value)) if known else sentences.CALLS[0](text(test))
        return [what, sentences.TRUTH()]
    stored = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    match node:
        case ast.Assign(targets=[target]):  # the store itself failed: go on with the place
            return _reason(target, node, evaluate, symbols, error)
        case ast.Tuple() if isinstance(statement, ast.Assign):
            return _unpacked(node, statement.value, evaluate, symbols)
        case ast.BinOp() | ast.AugAssign():
            return reasons.operation(node, evaluate, symbols)
        case ast.Subscript() if stored and isinstance(statement, ast.Assign):
            return reasons.assignment(node, statement.value, evaluate, symbols)
        case ast.Subscript():
            return reasons.subscript(node, evaluate, symbols)
        case ast.Call():
            return call(node, evaluate, symbols, error)
        case ast.expr():
            known, value = evaluate.get(node)
            return [sentences.IS(text(node), symbols.value(value))] if known else []
    return []


def _unpacked(target, value_node, evaluate, symbols):
    known, value = evaluate.get(value_node)
    if not known:
        return []
    what = sentences.UNPACKED(text(value_node), symbols.value(value), str(len(target.elts)))
    return [what, sentences.FIRST_AXIS(symbols.size(len(value)))] if np.ndim(value) else [what]


def _recursion(names):
    """The cycle of calls, given the names of the functions that are running."""
    for end, name in enumerate(names):
        if name in names[:end]:
            return [sentences.RECURSION(" → ".join(names[names.index(name) : end + 1]))]
    return []


def _traps(statement, evaluate, symbols):
    """What numpy accepts in a statement, but hardly anyone means."""
    found = []
    for node in parts_run(statement) if statement is not None else ():
        if isinstance(node, ast.Attribute) and node.attr == "T":
            value = evaluate.get(node.value)[1]
            if isinstance(value, np.ndarray) and value.ndim == 1:
                found.append(sentences.TRANSPOSED_VECTOR(text(node), text(node.value), symbols.shape(value.shape)))
        elif isinstance(node, ast.BinOp):
            left, right = evaluate.get(node.left)[1], evaluate.get(node.right)[1]
            if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
                trap = _inner_product if isinstance(node.op, ast.MatMult) else _broadcasts
                found += trap(node, left.shape, right.shape, symbols)
    return list(dict.fromkeys(found))


def _product(statement, evaluate, symbols):
    """The shapes in a product that a statement returns or assigns."""
    node = statement.value if isinstance(statement, (ast.Return, ast.Assign)) else None
    while isinstance(node, ast.UnaryOp):
        node = node.operand
    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            product = "@"
        case ast.Call(func=func, args=[left, right], keywords=[]):
            function = evaluate.get(func)[1]
            if function is not np.dot and function is not np.matmul:
                return []
            product = f"np.{function.__name__}"
        case _:
            return []
    values = [evaluate.get(part)[1] for part in (left, right, node)]
    if not all(isinstance(value, np.ndarray) for value in values):
        return []
    a, b, result = (symbols.shape(value.shape) for value in values)
    return [sentences.PRODUCT(text(left), a, product, text(right), b, result)]


def _inner_product(node, left, right, symbols):
    """Two 1-D arrays multiplied with @: a number, where a table may be meant."""
    return [sentences.INNER_PRODUCT(text(node), symbols.shape(left))] if len(left) == 1 and left == right else []


def _broadcasts(node, left, right, symbols):
    """A column and a vector combined element by element: numpy repeats both."""
    try:
        shape = np.broadcast_shapes(left, right)
    except ValueError:
        return []
    return (
        [] if shape in (left, right) else [sentences.BROADCASTS(text(node), *map(symbols.shape, (shape, left, right)))]
    )
