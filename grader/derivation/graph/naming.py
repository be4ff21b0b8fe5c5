"""Names for repeated parts of a long formula: what the model's author called the value, or `d` and that name for its gradient.

A value belongs to the assignment on whose line it was recorded, if the assignment's outermost operation recorded it.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Mapping

from grader.derivation.graph.nodes import Node

LONG = 24  # formulas with more operations have their repeated parts named
_OPERATORS = {"Add": "add", "Sub": "subtract", "Mult": "multiply", "Div": "divide", "MatMult": "matmul", "Pow": "power"}
_RECORDED_AS = {"mean": "divide", "var": "divide", "std": "sqrt", "dot": "matmul", "norm": "sqrt"}


def targets(source: str) -> dict[int, tuple[str, str]]:
    """For each line with an assignment to a name: the name, and the operation that gives it its value."""
    found: dict[int, tuple[str, str]] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.lineno] = (node.targets[0].id, _outermost(node.value))
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found[node.lineno] = (node.target.id, _OPERATORS.get(type(node.op).__name__, ""))
    return found


def _outermost(value: ast.expr) -> str:
    if isinstance(value, ast.BinOp):
        return _OPERATORS.get(type(value.op).__name__, "")
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        return _RECORDED_AS.get(name, name)
    return "negative" if isinstance(value, ast.UnaryOp) else ""


def author_name(node: Node, lines: Mapping[int, tuple[str, str]], helpers: Mapping[str, str]) -> str:
    """What the author called the value of a node, or nothing."""
    name, op = lines.get(node.origin[1], ("", ""))
    return name if node.op in (op, helpers.get(op)) else ""


def repeated(formula: Node) -> list[Node]:
    """The parts of a long formula that occur more than once and are worth a name, in order of evaluation."""
    if formula.tree_size() <= LONG:
        return []
    uses = Counter(arg for node in formula.walk() for arg in node.args)
    return [node for node in formula.walk() if uses[node] > 1 and node is not formula and _worth_naming(node)]


def _worth_naming(node: Node) -> bool:
    plain = node.op in ("broadcast_to", "transpose", "getitem", "size", "constant", "scatter") or not node.args
    return not plain and node.tree_size() > 3 and node.value.dtype.kind == "f"


def named(nodes: Iterable[Node], hints: Mapping[Node, str], taken: Iterable[str]) -> dict[Node, str]:
    """A name for each node: the hint, numbered where several have the same one."""
    wanted = [(node, hints.get(node, "t")) for node in nodes]
    counts = Counter(name for _, name in wanted)
    used, result = {*taken, "s", "np"}, {}
    for node, name in wanted:
        numbered = [f"{name}{k}" for k in range(1, len(wanted) + len(used) + 2)]
        choices = numbered if counts[name] > 1 or name == "t" else [name, *numbered]
        result[node] = next(choice for choice in choices if choice not in used)
        used.add(result[node])
    return result
