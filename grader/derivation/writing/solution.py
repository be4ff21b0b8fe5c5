"""A whole solution file: the constants and functions of the model that the formulas use, and one function a gradient."""

import ast
from collections.abc import Iterable

from grader.derivation.chain import order_of
from grader.derivation.formula import Formula
from grader.derivation.graph.loading import Model

# For a model that writes these out, and whose gradients are shorter with their names.
UNITS = {
    "sigmoid": "def sigmoid(a):\n    return 1 / (1 + np.exp(-a))",
    "softmax": "def softmax(a, axis=-1):\n    e = np.exp(a - np.max(a, axis=axis, keepdims=True))\n"
    "    return e / np.sum(e, axis=axis, keepdims=True)",
    "softplus": "def softplus(a):\n    return np.logaddexp(0, a)",
    "log_softmax": "def log_softmax(a, axis=-1):\n    shifted = a - np.max(a, axis=axis, keepdims=True)\n"
    "    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))",
}


def write_solution(formulas: Iterable[Formula], title: str = "The gradients, derived from the model.") -> str:
    """The source of `solutions/gradients.py`, in the assignment's style, for the instructor to review."""
    written = list(formulas)
    body = "\n\n".join(formula.code for formula in written)
    model = written[0].derivation.model
    needed = _used(body, model, written[0].derivation.loss)
    numpy = "\nimport numpy as np\n" if "np." in body + "".join(needed) else ""
    return f'"""{title}"""\n{numpy}\n\n' + "\n\n".join([*needed, body])


def _used(body: str, model: Model, loss: str) -> list[str]:
    """The model's constants and helpers that the code names, as they stand in the model."""
    source = model.source
    statements = {
        name: ast.get_source_segment(source, node) or "" for node in ast.parse(source).body for name in _defines(node)
    }
    quantities = order_of(model, loss)
    wanted = (model.constants.keys() | model.functions.keys()) - set(quantities)
    found: dict[str, str] = {}
    units: dict[str, str] = {}
    pending = [body]
    while pending:
        names = {node.id for node in ast.walk(ast.parse(pending.pop())) if isinstance(node, ast.Name)}
        units |= {name: f"{UNITS[name]}\n" for name in names & UNITS.keys() - statements.keys()}
        for name in sorted(names & statements.keys() & wanted - found.keys()):
            found[name] = statements[name] + "\n"
            pending.append(statements[name])
    return [*units.values(), *(found[name] for name in statements if name in found)]


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    return (
        [target.id for target in node.targets if isinstance(target, ast.Name)] if isinstance(node, ast.Assign) else []
    )
