"""Inside the sandbox: an exception in words, with the failing expression and the shapes in it as letters.

Runs after a student's function has raised, in the process that it could have taken over: what comes out is text that
the grader cuts, cleans and does not believe.  A file is parsed here and nowhere else.
"""

import ast

import numpy as np

from grader.sandbox.inside.exceptions import reasons
from grader.sandbox.inside.exceptions.calls import call
from grader.sandbox.inside.exceptions.evaluate import Evaluator
from grader.sandbox.inside.exceptions.locate import failing_node, parts_run, statement_at
from grader.sandbox.inside.exceptions.names import unknown_attribute, unknown_name
from grader.sandbox.inside.exceptions.symbols import Letters, text

MAX_LINES = 4
MAX_SOURCE = 100_000
MAX_CPU_SECONDS = 0.2  # a call that took longer is not repeated in parts


class Explainer:
    """Explains the exceptions of one file."""

    def __init__(self, source, file, step_type, place):
        """Explain exceptions of `source`; `place` gives the cell of a notebook and the line in it for a line."""
        self.source = source
        self.place = place
        self.file = file
        self.step_type = step_type
        self._tree = None

    def __call__(self, error, called, point, sizes, cpu_seconds):
        """Lines that say what failed and why; none where nothing more than the exception itself is known.

        Args:
            called: the name of the function that the grader called.
        """
        try:
            lines = [line for line in self._lines(error, point, Letters(sizes), cpu_seconds) if line][:MAX_LINES]
            trace = self._own_trace(error)
            name = trace.tb_frame.f_code.co_name if trace is not None else called
            elsewhere = lines and name != called and not name.startswith("<") and not isinstance(error, RecursionError)
            return [f"in {name}: {lines[0]}", *lines[1:]] if elsewhere else lines
        except BaseException:
            return []  # whatever goes wrong here, the exception itself is reported

    def _lines(self, error, point, letters, cpu_seconds):
        if isinstance(error, NameError):
            return unknown_name(error, self._own_trace(error), point)
        if isinstance(error, RecursionError):
            return self._recursion(error)
        trace = self._own_trace(error)
        if trace is None and type(error) is TypeError and "argument" in str(error):
            return ["a gradient is called with one argument, the step: `def name(s)`"]
        if trace is None or len(self.source) > MAX_SOURCE:
            return []
        tree = self._parsed()
        own = (self.file, "model.py") if cpu_seconds <= MAX_CPU_SECONDS else ()
        evaluate = Evaluator(trace.tb_frame, self.step_type, own)
        if isinstance(error, AttributeError):
            return unknown_attribute(error, self.step_type)
        with np.errstate(all="ignore"):
            node = failing_node(tree, trace, error, evaluate)
            if node is None:
                return []
            statement = statement_at(tree, trace.tb_lineno)
            return [*self._reason(node, statement, evaluate, letters, error), *traps(statement, evaluate, letters)]

    def traps(self, frame, letters):
        """What the line that a frame is about to run does without complaint, and nobody means."""
        try:
            with np.errstate(all="ignore"):
                statement = statement_at(self._parsed(), frame.f_lineno)
                cell, line = self.place(frame.f_lineno)
                where = f"cell {cell}, line {line}" if cell else f"line {line}"
                return [f"{where}: {trap}" for trap in traps(statement, Evaluator(frame, self.step_type, ()), letters)]
        except BaseException:
            return []

    def _parsed(self):
        if self._tree is None:
            self._tree = ast.parse(self.source)
        return self._tree

    def _own_trace(self, error):
        """The innermost traceback entry in the student's file."""
        trace, own = error.__traceback__, None
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.file:
                own = trace
            trace = trace.tb_next
        return own

    def _reason(self, node, statement, evaluate, letters, error):
        if "truth value of an array" in str(error):
            return self._truth(node, evaluate, letters)
        stored = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
        match node:
            case ast.Assign(targets=[target]):  # the store itself failed: go on with the place
                return self._reason(target, node, evaluate, letters, error)
            case ast.Tuple() if isinstance(statement, ast.Assign):
                return self._unpack(node, statement.value, evaluate, letters)
            case ast.BinOp():
                return reasons.binary(node, evaluate, letters)
            case ast.AugAssign():
                return reasons.in_place(node, evaluate, letters)
            case ast.Subscript() if stored and isinstance(statement, ast.Assign):
                return reasons.assignment(node, statement.value, evaluate, letters)
            case ast.Subscript():
                return reasons.subscript(node, evaluate, letters)
            case ast.Call():
                return call(node, evaluate, letters, error)
            case ast.expr():
                known, value = evaluate.get(node)
                return [f"{text(node)} is {letters.value(value)}"] if known else []
        return []

    def _truth(self, node, evaluate, letters):
        test = getattr(node, "test", node)
        known, value = evaluate.get(test)
        what = f"{text(test)} is {letters.value(value)}" if known else text(test)
        return [what, "an array has one truth value per entry, and here a single one is needed"]

    def _unpack(self, target, value_node, evaluate, letters):
        known, value = evaluate.get(value_node)
        if not known:
            return []
        count = len(value) if np.ndim(value) else 0
        return [
            f"{text(value_node)} is {letters.value(value)}, to be taken apart into {len(target.elts)} names",
            f"an array is taken apart along its first axis, which gives {letters.size(count)} here",
        ]

    def _recursion(self, error):
        names, trace = [], error.__traceback__
        while trace is not None and len(names) < 1000:
            if trace.tb_frame.f_code.co_filename == self.file:
                names.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        for end, name in enumerate(names):
            if name in names[:end]:
                circle = names[names.index(name) : end + 1]
                return [f"{', which calls '.join(circle)}: the functions call one another without end"]
        return []


def traps(statement, evaluate, letters):
    """What in a statement numpy does without complaint, and nobody means."""
    found = []
    for node in parts_run(statement) if statement is not None else ():
        if isinstance(node, ast.Attribute) and node.attr == "T":
            known, value = evaluate.get(node.value)
            if known and isinstance(value, np.ndarray) and value.ndim == 1:
                one = f"{text(node.value)} has one axis, {letters.shape(value.shape)}"
                found.append(f"{text(node)} changes nothing: {one}, and no other to swap it with")
        elif isinstance(node, ast.BinOp):
            (known, left), (known_right, right) = evaluate.get(node.left), evaluate.get(node.right)
            if known and known_right and isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
                found += (inner if isinstance(node.op, ast.MatMult) else repeated)(node, left, right, letters)
    return list(dict.fromkeys(found))


def inner(node, left, right, letters):
    """Two 1-D arrays multiplied with @: a number, where a table may be meant."""
    if left.ndim != 1 or right.ndim != 1 or left.size != right.size:
        return []
    return [f"{text(node)} is a single number: both have one axis, {letters.shape(left.shape)}, and @ sums over it"]


def repeated(node, left, right, letters):
    """A column and a vector combined entry by entry: numpy repeats both."""
    try:
        shape = np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        return []
    if shape in (left.shape, right.shape):
        return []
    both = f"{letters.shape(left.shape)} and {letters.shape(right.shape)}"
    return [f"{text(node)} is {letters.shape(shape)}: numpy repeats both {both} to fit"]
