"""What the stubs and the texts for students ask for, and config.yaml does not: left over from a gradient that was deleted."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from grader.config.calling_checks import IGNORED
from grader.config.keys import Config
from grader.packaging.handout.readme import number_in_words

_RETURNS = re.compile(r"Returns \(([\w\s,]+)\)")
_COUNT = re.compile(r"\b(\w+) gradients of\b")
_NUMBERS = {number_in_words(count): count for count in range(100)}


def leftovers_in_stubs(config: Config, path: Path) -> list[str]:
    """A line for each function or output of the stubs at `path` that config.yaml has not, with file and line.

    A function counts if it raises NotImplementedError: others are help that an instructor gives.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):  # running them reports that
        return []
    return [f"{path.name}:{line}: {what}" for line, what in _leftovers(config, tree)]


def _leftovers(config: Config, tree: ast.Module) -> Iterator[tuple[int, str]]:
    found = _COUNT.search(ast.get_docstring(tree) or "")
    if found and _NUMBERS.get(found[1].lower(), len(config.gradients)) != len(config.gradients):
        count = len(config.gradients)
        yield 1, f'"{found[0]}": config.yaml asks for {number_in_words(count)}'
    asked = {function.name: function for function in config.asked}
    for name, node in _functions(tree):
        if name not in asked:
            if _is_stub(node):
                yield node.lineno, f"{name} is not asked for in config.yaml: delete it here, too"
            continue
        returns = asked[name].returns
        promised = _RETURNS.search(ast.get_docstring(node) or "") if len(returns) > 1 else None
        for output in promised[1].replace(",", " ").split() if promised else ():
            if output not in returns and output != IGNORED:
                yield node.lineno, f"{name}: the docstring promises {output}, which config.yaml does not ask for"


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{one.name}", one) for one in node.body if isinstance(one, ast.FunctionDef))


def _is_stub(node: ast.FunctionDef) -> bool:
    last = node.body[-1]
    error = last.exc if isinstance(last, ast.Raise) else None
    error = error.func if isinstance(error, ast.Call) else error
    return isinstance(error, ast.Name) and error.id == "NotImplementedError"
