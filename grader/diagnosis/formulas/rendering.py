"""Formulas as text, in the handout's letters."""

from collections.abc import Sequence

from grader.diagnosis.formulas.expression import Node

_BINDING = {"add": 1, "neg": 1, "mul": 2, "div": 2, "mm": 3, "pow": 4, "T": 4}
_WORDS = {
    "running": "cumsum",
    "spread": "diag",
    "diagonal": "diag",
    "total": "sum",
    "average": "mean",
    "hot-like": "hot",
}


def text(node: Node) -> str:
    """The formula as one would write it: `h_prev^T @ dJ/db1`.  For staff, and the names of single factors for students."""
    return _text(node, 0)


def gradient_text(name: str) -> str:
    """`dJ_db1` as `dJ/db1`; a name of another form, such as `grad_W`, stays as it is."""
    head, _, tail = name.partition("_")
    return f"{head}/{tail}" if head.startswith("d") and tail.startswith("d") else name


def _text(node: Node, binding: int) -> str:
    """With brackets where what stands around it binds closer."""
    shown = _leaf(node) or _operation(node) or _call(node)
    return f"({shown})" if _BINDING.get(node[0], 9) < binding else shown


def _leaf(node: Node) -> str:
    if node[0] == "g":
        return gradient_text(node[1])
    if node[0] == "c":
        return f"{node[1]:g}"
    if node[0] == "d":
        return f"d{node[2]}/d{node[1]}"
    return str(node[1]) if node[0] == "q" else ""


def _operation(node: Node) -> str:
    match node:
        case ("add", first, *rest):
            return _text(first, 1) + _rest(rest)
        case ("neg", inner):
            return f"-{_text(inner, 2)}"
        case ("mul", *factors):
            return " * ".join(_text(factor, 2) for factor in factors)
        case ("div", a, b):
            return f"{_text(a, 2)} / {_text(b, 3)}"
        case ("mm", a, b):
            return f"{_text(a, 3)} @ {_text(b, 4)}"
        case ("T", a):
            return f"{_text(a, 5)}^T"
        case ("pow", a, n):
            return f"{_text(a, 5)}^{n:g}"
        case _:
            return ""


def _rest(terms: Sequence[Node]) -> str:
    return "".join(f" - {_text(term[1], 2)}" if term[0] == "neg" else f" + {_text(term, 1)}" for term in terms)


def _call(node: Node) -> str:
    match node:
        case ("fn", name, a):
            return f"{name}({_text(a, 0)})"
        case ("derivative", name, a):
            return f"{name}'({_text(a, 0)})"
        case _:
            parts = [_text(part, 0) if isinstance(part, tuple) else str(part) for part in node[1:]]
            return f"{_WORDS.get(node[0], node[0])}({', '.join(parts)})"
