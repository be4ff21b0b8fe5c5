"""Inside the sandbox: an exception in words, with the failing expression and the shapes in it as letters.

Runs after a student's function has raised, in the process that it could have taken over: what comes out is text that
the grader cuts, cleans and does not believe.  A file is parsed here and nowhere else.
"""

import ast
import builtins
import difflib
import types

import numpy as np

from grader.sandbox import reasons
from grader.sandbox.evaluate import Evaluator
from grader.sandbox.letters import Letters, text
from grader.sandbox.locate import failing_node, statement_at

MAX_LINES = 4
MAX_SOURCE = 100_000
MAX_CPU_SECONDS = 0.2  # a call that took longer is not repeated in parts


class Explainer:
    """Explains the exceptions of one file."""

    def __init__(self, source, file, step_type):
        self.source = source
        self.file = file
        self.step_type = step_type
        self._tree = None

    def __call__(self, error, step, sizes, cpu_seconds):
        """Lines that say what failed and why; none where nothing more than the exception itself is known."""
        try:
            return [line for line in self._lines(error, step, Letters(sizes), cpu_seconds) if line][:MAX_LINES]
        except BaseException:
            return []  # whatever goes wrong here, the exception itself is reported

    def _lines(self, error, step, letters, cpu_seconds):
        if isinstance(error, NameError):
            return self._name(error, step)
        if isinstance(error, RecursionError):
            return self._recursion(error)
        trace = self._own_trace(error)
        if trace is None or len(self.source) > MAX_SOURCE:
            return []
        if self._tree is None:
            self._tree = ast.parse(self.source)
        own = (self.file, "model.py") if cpu_seconds <= MAX_CPU_SECONDS else ()
        evaluate = Evaluator(trace.tb_frame, self.step_type, own)
        if isinstance(error, AttributeError):
            return self._attribute(error)
        with np.errstate(all="ignore"):
            node = failing_node(self._tree, trace, error, evaluate)
            if node is None:
                return []
            statement = statement_at(self._tree, trace.tb_lineno)
            return [*self._reason(node, statement, evaluate, letters, error), *traps(statement, evaluate, letters)]

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
            case ast.Assign(targets=[ast.Subscript() as target]):
                return reasons.assignment(target, node.value, evaluate, letters)
            case ast.Assign(targets=[ast.Tuple() as target]):
                return self._unpack(target, node.value, evaluate, letters)
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
                return reasons.call(node, evaluate, letters, error)
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
        circle = names[-1:]
        for name in reversed(names[:-1]):
            circle.append(name)
            if name == names[-1]:
                return [f"{', which calls '.join(reversed(circle))}: the functions call one another without end"]
        return []

    # --- names ----------------------------------------------------------------------------------------------------

    def _name(self, error, step):
        name = error.name if type(getattr(error, "name", None)) is str else ""
        if isinstance(error, UnboundLocalError) or not name:
            found = name or str(error).split("'")[1]
            return [f"{found} gets a value in this function, but only later", "until then it has none, also where a name outside is the same"]
        trace = self._own_trace(error)
        known = trace.tb_frame.f_globals if trace is not None else {}
        locals_ = trace.tb_frame.f_locals if trace is not None else {}
        if name in vars(step):
            return [f"{name} is a quantity of the step: s.{name}"]
        if name in ("np", "numpy"):
            return ["numpy is not imported here: `import numpy as np` at the top of the file"]
        if name in _model():
            return [f"{name} is a function of the model: `from model import {name}` at the top of the file"]
        if hasattr(np, name):
            return [f"{name} is numpy's: np.{name}"]
        near = difflib.get_close_matches(name, [*locals_, *_public(known), *vars(builtins)], n=1, cutoff=0.6)
        quantity = difflib.get_close_matches(name, vars(step), n=1, cutoff=0.6)
        if quantity and not (near and _ratio(near[0], name) > _ratio(quantity[0], name)):
            return [f"nothing here is called {name}; the nearest quantity of the step is s.{quantity[0]}"]
        return [f"nothing here is called {name}; did you mean {near[0]}?"] if near else [f"nothing here is called {name}"]

    def _attribute(self, error):
        name, owner = getattr(error, "name", None), getattr(error, "obj", None)
        if type(name) is not str:
            return []
        if type(owner) is self.step_type:
            quantities = list(vars(owner))
            if name.startswith("dJ_") or name.startswith("dJd"):
                return [f"the step holds no gradients: {name} is a function of yours, called with the step"]
            near = difflib.get_close_matches(name, quantities, n=1, cutoff=0.4) or [q for q in quantities if q.lower() == name.lower()]
            nearest = f"the nearest quantity is s.{near[0]}; " if near else ""
            return [f"the step has no {name}: {nearest}it holds {', '.join(quantities)}"]
        if type(owner) is np.ndarray:
            near = difflib.get_close_matches(name, dir(np.ndarray), n=1, cutoff=0.6)
            return [f"an array has no {name}" + (f"; did you mean .{near[0]}?" if near else "")]
        if isinstance(owner, types.ModuleType) and owner is np:
            if name in _model():
                return [f"numpy has no {name}; the model has one: `from model import {name}`"]
            near = difflib.get_close_matches(name, dir(np), n=1, cutoff=0.6)
            return [f"numpy has no {name}" + (f"; did you mean np.{near[0]}?" if near else "")]
        if owner is None:
            return [f"what stands before .{name} is None: does the function that made it `return` its result?"]
        if isinstance(owner, types.FunctionType):
            return [f"{owner.__name__} is a function: its value at this step is {owner.__name__}(s)"]
        return []


def traps(statement, evaluate, letters):
    """What in a statement numpy does without complaint, and nobody means."""
    found = []
    for node in ast.walk(statement) if statement is not None else ():
        if isinstance(node, ast.Attribute) and node.attr == "T":
            known, value = evaluate.get(node.value)
            if known and isinstance(value, np.ndarray) and value.ndim == 1:
                found.append(f"{text(node)} changes nothing: {text(node.value)} has one axis, {letters.shape(value.shape)}, and no other to swap it with")
        elif isinstance(node, ast.BinOp) and not isinstance(node.op, ast.MatMult):
            (known, left), (known_right, right) = evaluate.get(node.left), evaluate.get(node.right)
            if known and known_right and isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
                found += repeated(node, left, right, letters)
    return list(dict.fromkeys(found))


def repeated(node, left, right, letters):
    """A column and a vector combined entry by entry: numpy repeats both."""
    try:
        shape = np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        return []
    if shape in (left.shape, right.shape):
        return []
    return [f"{text(node)} is {letters.shape(shape)}: numpy repeats both {letters.shape(left.shape)} and {letters.shape(right.shape)} to fit"]


def _model():
    import sys

    return [name for name in _public(vars(sys.modules.get("model", types))) if name not in ("np",)]


def _public(names):
    return [name for name in names if not name.startswith("_")]


def _ratio(a, b):
    return difflib.SequenceMatcher(None, a, b).ratio()
