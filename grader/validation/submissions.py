"""The assignment's own submissions, run in the sandbox: the solution, other ways of writing it, and the stubs.

The source of the instructors' solution is rewritten; where only the returned value differs, its functions are wrapped.
"""

import ast
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from grader.derivation.writing.signatures import CannotBeWritten
from grader.errors import SandboxError
from grader.grading.pipeline import grade_run
from grader.problem.assignment import Assignment
from grader.problem.derived import as_submitted
from grader.problem.model import read_source
from grader.records.result import Grade
from grader.sandbox.host import Sandbox
from grader.sandbox.launch import forks
from grader.validation.finding import Finding, finding, grouped
from grader.validation.not_asked import leftovers_in_stubs


def check_sandbox(assignment: Assignment, sandbox: Sandbox) -> Finding:
    """Whether the sandbox is as strong here as the config requires; without forks none can be, which is no fault of either."""
    if sandbox.report.strong:
        return Finding("sandbox", "passed", str(sandbox.report))
    required = assignment.config.sandbox.require == "strong"
    if required and not forks():
        where = "this system has no sandbox: the assignment can be tried here, but submissions must be graded on Linux"
        return Finding("sandbox", "warning", where, [str(sandbox.report)])
    return Finding("sandbox", "failed" if required else "warning", str(sandbox.report))


def check_rewritings(assignment: Assignment, sandbox: Sandbox) -> Finding:
    """The solution, and other ways of writing it, must earn full marks."""
    problems: list[tuple[str, str]] = []
    ways: list[str] = []
    for way, text in ways_of(assignment):
        ways.append(way)
        found = _graded(assignment, sandbox, text.encode())
        problems += _lost(way, found) if isinstance(found, Grade) else [(way, f"could not be run: {found}")]
    if not ways:
        why = f"for {assignment.config.differentiated}" if assignment.config.sign < 0 else "without a `solution:`"
        return Finding(
            "right answers keep marks", "warning", f"not tried: functions of this kind are not written {why}"
        )
    others = f" and {len(ways) - 1} rewritings of it earn full marks: {', '.join(ways[1:])}"
    return finding(
        "right answers keep marks",
        f"the solution{others if ways[1:] else ' earns full marks'}",
        "right answers lose marks",
        grouped(problems),
    )


def ways_of(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """(what is different, source) for each way of writing the solution, in functions that are called as students' are."""
    assert assignment.reference is not None
    config, source = assignment.config, assignment.reference.source.decode()
    if config.is_plain:
        accepted = config.checks.reference.float32 == "accept"
        yield from rewritings(source, assignment.names, negative=config.sign < 0, float32=accepted)
        return
    if config.sign < 0:  # a gradient that is given another one of the student's turns around with it
        return
    if config.solution:
        yield "as it is", read_source(assignment.folder / config.solution).decode()
    with suppress(CannotBeWritten):  # from what the functions are given
        for way, text in [("as derived", source), *_rewritten_ways(source)]:
            yield way, _PRODUCT_HELPERS + as_submitted(config, text)


def check_stubs(assignment: Assignment, sandbox: Sandbox) -> Finding:
    """What students start from must earn nothing."""
    stubs = (assignment.folder / assignment.config.model).with_name(Path(assignment.config.submission).name)
    if not stubs.is_file():
        return Finding("stubs", "warning", f"there is no {stubs.name} beside the model for students to start from")
    found = _graded(assignment, sandbox, stubs.read_bytes())
    if isinstance(found, str):
        return Finding("stubs", "failed", f"could not be run: {found}")
    earned = [f"{one.name} earns {one.score:g} of {one.max_score:g}" for one in found.gradients if one.score]
    written = [f"{one.name}: {one.status}: {one.message}" for one in found.gradients if one.status != "missing"]
    if not earned and not written and (left := leftovers_in_stubs(assignment.config, stubs)):
        return Finding("stubs", "warning", f"{stubs.name} asks for what config.yaml does not", left)
    return finding("stubs", "the empty functions earn nothing", "not all stubs are empty", earned or written)


def _graded(assignment: Assignment, sandbox: Sandbox, source: bytes) -> Grade | str:
    try:
        return grade_run(assignment, sandbox.run(source), assignment.config.submission)
    except SandboxError as error:
        return str(error)


def _lost(way: str, found: Grade) -> list[tuple[str, str]]:
    """What a rewriting of the solution loses, and why."""
    lines = []
    for gradient in found.gradients:
        if gradient.status != "passed":
            seen = [gradient.message, *(check.message for check in gradient.checks), gradient.status]
            lines.append((way, f"{gradient.name}: {next(filter(None, seen))}"))
    return lines


_PRODUCT_HELPERS = '''\
import numpy as np


def _of_matrices(product):
    """Arrays with another number of axes are multiplied as they are."""
    return lambda a, b: product(a, b) if a.ndim == b.ndim == 2 else a @ b


_dot = _of_matrices(np.dot)
_einsum = _of_matrices(lambda a, b: np.einsum("ij,jk->ik", a, b))
_outer = _of_matrices(lambda a, b: np.outer(a, b) if 1 == a.shape[1] == b.shape[0] else a @ b)
_backwards = _of_matrices(lambda a, b: (b.T @ a.T).T)
_sums = _of_matrices(lambda a, b: np.sum(a[:, :, None] * b[None, :, :], axis=1))


@_of_matrices
def _loops(a, b):
    out = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for k in range(a.shape[1]):
                out[i, j] += a[i, k] * b[k, j]
    return out


'''
_HELPERS = (
    _PRODUCT_HELPERS
    + '''\
_depth = 0


def _returned(function, convert):
    """Convert what the grader gets, not what the functions get from one another."""

    def gradient(s):
        global _depth
        _depth += 1
        try:
            value = function(s)
        finally:
            _depth -= 1
        return convert(value) if _depth == 0 else value

    return gradient

'''
)
_PRODUCTS = {
    "einsum": "_einsum",
    "loops": "_loops",
    "outer": "_outer",
    "np.dot": "_dot",
    "products backwards": "_backwards",
    "sums": "_sums",
}
_RETURNED = {
    "float32": "lambda value: np.asarray({}value, dtype=np.float32)",
    "lists": "lambda value: np.asarray({}value).tolist()",
    "columns first in memory": "lambda value: np.asarray({}value, order='F')",
    "views": "lambda value: np.stack([{}np.asarray(value)] * 2, axis=-1)[..., 0]",
}


def rewritings(source: str, names: list[str], *, negative: bool, float32: bool) -> Iterator[tuple[str, str]]:
    """(what is different, source) for each rewriting of the solution, the solution itself first.

    Args:
        names: the gradients.
        negative: students return gradients of the negative loss, so each returned value changes its sign.
        float32: whether answers in single precision are accepted.
    """
    sign = "-" if negative else ""
    plain = f"lambda value: {sign}value"
    yield "as it is", _assembled(source, names, plain) if negative else source
    for name, rewritten in _rewritten_ways(source):
        yield name, _assembled(rewritten, names, plain)
    for name, convert in _RETURNED.items():
        if name != "float32" or float32:
            yield name, _assembled(source, names, convert.format(sign))


def _rewritten_ways(source: str) -> Iterator[tuple[str, str]]:
    for name, function in _PRODUCTS.items():
        rewritten = _rewritten(source, _Products(function))
        if function in rewritten:
            yield name, rewritten
    yield "factors and terms exchanged", _rewritten(source, _Exchanged())


def _rewritten(source: str, transformer: ast.NodeTransformer) -> str:
    return ast.unparse(ast.fix_missing_locations(transformer.visit(ast.parse(source))))


def _assembled(source: str, names: list[str], convert: str) -> str:
    """The helpers, the functions, and each gradient wrapped."""
    wrapped = "\n".join(f"{name} = _returned({name}, {convert})" for name in names)
    return f"{_HELPERS}\n{source}\n\n{wrapped}\n"


class _Products(ast.NodeTransformer):
    """`a @ b` as a call of another function."""

    def __init__(self, function: str) -> None:
        self.function = ast.parse(function, mode="eval").body

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.op, ast.MatMult):
            return node
        return ast.Call(self.function, [node.left, node.right], [])


class _Exchanged(ast.NodeTransformer):
    """`a * b` as `b * a`, `a + b` as `b + a`, `a - b` as `-b + a`."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        change: Callable[[ast.expr, ast.expr], ast.expr] | None = _EXCHANGES.get(type(node.op))
        return change(node.left, node.right) if change else node


_EXCHANGES: dict[type[ast.operator], Callable[[ast.expr, ast.expr], ast.expr]] = {
    ast.Mult: lambda a, b: ast.BinOp(b, ast.Mult(), a),
    ast.Add: lambda a, b: ast.BinOp(b, ast.Add(), a),
    ast.Sub: lambda a, b: ast.BinOp(ast.UnaryOp(ast.USub(), b), ast.Add(), a),
}
